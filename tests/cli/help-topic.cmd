rackcast help catalog | head -3
rackcast help catalgo
