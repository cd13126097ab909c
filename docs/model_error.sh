#!/bin/sh
# Writes how far predictions are off as catalog rows, hwmodels/catalog/model-error.csv: docs/model_error.sh RACKCAST (from the top of the source tree). Scenarios take
# them as their model error unless they state one.
set -eu
new=$(mktemp)
trap 'rm -f "$new"' EXIT
"$1" validate --spread scenarios/measured/training.csv scenarios/measured/serving.csv scenarios/measured/power.csv >"$new"
cat "$new" >hwmodels/catalog/model-error.csv
