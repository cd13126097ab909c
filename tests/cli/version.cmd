rackcast --version
