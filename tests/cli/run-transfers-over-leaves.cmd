# Caches that go from one pod of leaf switches to another share what the leaves have up: slower with more oversubscription, alike inside a pod.
slow() {
  rackcast run "$srcdir/scenarios/serve-cluster.yaml" -o "$1.db" --set work.replay.requests=600 --set "options.apart.layers.0.network=$2" --set "options.apart.layers.1.network=$2" >/dev/null 2>&1
  rackcast export "$1.db" -f csv -t metric | awk -F, '/,apart,replay,transfer_p99_ms,/ { print $6; exit }'
}
free=$(slow free '{oversubscription: 1, pod: 1}') wide=$(slow wide '{oversubscription: 8, pod: 32}') four=$(slow four '{oversubscription: 4, pod: 1}') eight=$(slow eight '{oversubscription: 8, pod: 1}')
awk -v f="$free" -v w="$wide" -v a="$four" -v b="$eight" 'BEGIN { print (f > 0) " " (f == w) " " (a > 1.01 * f) " " (b > 1.5 * a) }'
