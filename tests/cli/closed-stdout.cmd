# A result that cannot be written is no success.
rackcast help >/dev/full
