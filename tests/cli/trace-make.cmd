rackcast trace make --rate '5 req/s' --input 100 --output 50 -n 3
