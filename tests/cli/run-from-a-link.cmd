# The program finds its data through a symbolic link and without the variable.
ln -s "$(command -v rackcast)" rc
unset RACKCAST_DATADIR
./rc catalog gpu T4 | head -1
