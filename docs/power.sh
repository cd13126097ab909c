#!/bin/sh
# What GPUs did in the runs whose watts were metered, for `rackcast calibrate`: docs/power.sh RACKCAST >hwmodels/measured/power_activity.csv (from the top of the
# source tree). Activities are those that validate simulates; watts are the measured ones. Rows that state less than a quarter of the TDP while decoding
# are missing values, not watts.
set -eu
rackcast=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "id,gpu,busy,comm,memory,compute,w_per_gpu,of_tdp"
for table in power serving; do
  "$rackcast" validate "scenarios/measured/$table.csv" >"$work/$table.csv" 2>/dev/null
  # a CSV reader that knows quotes, for the columns id, gpu and metric
  awk '
    function cells(line,   n, i, c, q, f) { n = 1; f = ""; q = 0
      for (i = 1; i <= length(line); i++) { c = substr(line, i, 1)
        if (c == "\"") q = !q; else if (c == "," && !q) { cell[n++] = f; f = "" } else f = f c }
      cell[n] = f; return n }
    { sub(/\r$/, ""); n = cells($0) }
    FNR == 1 { split("", at); for (i = 1; i <= n; i++) at[cell[i]] = i; next }
    FILENAME ~ /measured/ { gpu[cell[at["id"]]] = cell[at["gpu"]]; next }
    cell[at["status"]] == "ok" && cell[at["metric"]] ~ /^gpu_power_mean/ {
      split(cell[at["note"]], a, " "); share = cell[at["metric"]] ~ /of_tdp/; m = cell[at["measured"]]
      if (a[1] == "busy" && (!share || m > 0.25)) print cell[at["id"]] "," gpu[cell[at["id"]]] "," a[2] "," a[4] "," a[6] "," a[8] "," (share ? "," m : m ",")
    }' "scenarios/measured/$table.csv" "$work/$table.csv"
done
