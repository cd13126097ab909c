rackcast catalog gpus 2>&1 >/dev/null | head -1
rackcast catalog gpus >/dev/null 2>&1
