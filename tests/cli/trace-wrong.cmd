rackcast trace make --rate 5 --input x --arrivals pareto
