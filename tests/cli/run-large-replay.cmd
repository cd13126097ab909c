# A replay of more than a minute or a gigabyte is announced before it begins; a small one is not.
check() { rackcast run "$srcdir/scenarios/serve-cluster.yaml" --check "$@"; }
check
check --set 'work.replay={model: Llama-3.3-70B, rate: 4000 req/s, input_tokens: 1000 token, output_tokens: 200 token, duration: 1 h, replica: {gpus: 4}}' --set options.prefix.layers.0.count=2000
check --set options.prefix.layers.0.count=40000
