# A leaf with less bandwidth up than down: never faster, slower once jobs cross pods, nothing inside one pod.
days() {
  rackcast run "$srcdir/scenarios/v3-pretrain-2048xh800.yaml" -o "$1.db" ${2:+--set "options.own.layers.0.network=$2"} >/dev/null 2>&1
  rackcast export "$1.db" -f csv -t metric | awk -F, '/,own,whole,time_to_train_s,/ { print $6; exit }'
}
free=$(days free '') one=$(days one '{oversubscription: 1, pod: 4}') two=$(days two '{oversubscription: 2, pod: 4}') four=$(days four '{oversubscription: 4, pod: 4}')
wide=$(days wide '{oversubscription: 4, pod: 256}')
awk -v f="$free" -v a="$one" -v b="$two" -v c="$four" -v w="$wide" 'BEGIN { print (f > 0) " " (f == a) " " (b > 1.01 * a) " " (c > b) " " (w == f) }'
