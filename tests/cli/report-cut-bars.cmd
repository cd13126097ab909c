# Bars that run out of the plot bear their total at the edge: the label's place must not lie a digit beyond the range.
# (162,051 USD x 1.08 = 175,015.08: six digits would end the axis before it.)
cp "$srcdir/scenarios/article-8xa100.yaml" dear.yaml
for price in 700 800 900; do
  echo "  at-$price: {layers: [{own: DGX-A100-640, price: $price kUSD}]}" >>dear.yaml
done
rackcast run dear.yaml -o x.db --set 'options.exact.layers.0.price=120003 USD' >/dev/null 2>&1
rackcast report x.db -o rep >/dev/null 2>&1
awk '/^\$beyond/ { in_it = 1 } /^EOD/ { in_it = 0 } in_it && / >"/ { at[n++] = $1 }
  /^set xrange/ { split($3, r, /[:\]]/); for (i = 0; i < n; i++) print (at[i] <= r[2] ? "inside" : "lost") }' rep/plots/cost-breakdown.gp
