# Two runs of a file; a scenario is run first and leaves nothing behind.
cp "$srcdir/scenarios/article-8xa100.yaml" s.yaml
for power in 8 5.2; do rackcast run s.yaml -o a.db --set "work.fixed.power=$power kW" >/dev/null 2>&1; done
rackcast compare a.db:1 a.db:2 | head -14
rackcast compare s.yaml a.db --csv | head -3
ls
