# Replicas without an uncertain input say nothing of how sure the answer is, and a small draw or load is not rounded to nothing.
rackcast run "$srcdir/scenarios/article-edge-orin.yaml" --replicas 3 --set 'uncertainty.model_error={throughput: 1, training: 1, power: 1}' -o x.db 2>/dev/null | sed -n '/^Own/,/^  - Its/p' | grep -v Its | sed 's|[0-9,]*[.][0-9][0-9] USD|N USD|g'
