# --as-of shows the prices in force on that day alone, without it all are shown with their dates.
rackcast catalog price p4d.24xlarge --as-of 2025-05-31 | awk '$1 == "on-demand" && /us-east-1/ { print $2 }'
echo then
rackcast catalog price p4d.24xlarge --as-of 2025-06-01 | awk '$1 == "on-demand" && /us-east-1/ { print $2 }'
echo all
rackcast catalog price p4d.24xlarge | awk '$1 == "on-demand" && /us-east-1/ { print $2 }'
rackcast catalog price p4d.24xlarge --as-of 2019-01-01
