# Two processes at a time, results in the order of the points; --resume runs what is missing alone.
s=$srcdir/scenarios/article-8xa100.yaml
rackcast sweep "$s" --vary "site.tariff=0.10:0.12:0.01 USD/kWh" -o s.db -j2 2>/dev/null
rackcast sweep "$s" --vary "site.tariff=0.10:0.13:0.01 USD/kWh" -o s.db --resume --csv
rackcast compare s.db:1 s.db:3 --csv | head -3
ls
