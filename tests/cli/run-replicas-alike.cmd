# Replicas without an uncertain input say nothing of how sure the answer is, and a small draw or load is not rounded to nothing.
rackcast run "$srcdir/scenarios/article-edge-orin.yaml" --replicas 3 -o x.db 2>/dev/null | sed -n '/^Own/,/^  - Its/p' | grep -v Its
