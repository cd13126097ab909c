# Rows on stdout, the errors over what was left out on stderr; the same seed leaves out the same.
rackcast calibrate "$srcdir/hwmodels/measured/power_activity.csv" 2>talk >rows.csv
rackcast calibrate "$srcdir/hwmodels/measured/power_activity.csv" --seed 1 2>/dev/null | cmp rows.csv - && cut -d, -f1-3 rows.csv
cut -c1-58 talk
mkdir mine && cp rows.csv mine/power.csv
rackcast catalog --catalog mine power H100-SXM-80GB | wc -l
