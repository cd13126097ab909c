rackcast hlep
