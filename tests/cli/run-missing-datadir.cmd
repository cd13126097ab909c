RACKCAST_DATADIR=$PWD rackcast catalog gpu T4
