# Every figure, series, kind of event and of charge that a run stores is explained in docs/database.md.
for s in article-8xa100 expand-fleet serve-cluster; do
  rackcast run "$srcdir/scenarios/$s.yaml" -o a.db >/dev/null 2>&1 || echo "$s failed"
  rackcast export a.db --format csv --table metric | cut -d, -f4 | sed 1d
  rackcast export a.db --format csv --table series | cut -d, -f3 | sed 1d
  rackcast export a.db --format csv --table event | cut -d, -f4 | sed 1d
  rackcast export a.db --format csv --table charge | cut -d, -f3 | sed 1d
done | sed 's/:.*//' | sort -u >names
[ "$(wc -l <names)" -gt 40 ] || echo "only $(wc -l <names) names"
star() { echo "$1" | sed -E 's/_(mean|p50|p90|p95|p99)_/_*_/'; } # quantiles are explained together
while read -r name; do grep -qF -e "\`$name\`" -e "\`$(star "$name")\`" "$srcdir/docs/database.md" || echo "$name"; done <names
