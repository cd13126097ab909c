# A wrong key, a missing unit and an unknown name: all three are told, and nothing is run.
rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db --set site.tarif=3 --set site.tariff=3 --set options.exact.layers.0.own=DGX-A10
status=$?
ls
exit $status
