noinst_LIBRARIES += libhwmodels.a
libhwmodels_a_SOURCES = \
  hwmodels/catalog.c hwmodels/catalog.h hwmodels/collective.c hwmodels/collective.h hwmodels/gemm.c hwmodels/gemm.h hwmodels/inherit.c \
  hwmodels/kernels.c hwmodels/kernels.h hwmodels/names.c hwmodels/params.c hwmodels/power.c hwmodels/power.h hwmodels/priv.h hwmodels/views.c
nobase_dist_pkgdata_DATA += \
  hwmodels/catalog/aliases.csv hwmodels/catalog/collectives.csv hwmodels/catalog/constants.csv hwmodels/catalog/economics.csv hwmodels/catalog/gpus.csv \
  hwmodels/catalog/kernels.csv hwmodels/catalog/links.csv hwmodels/catalog/power.csv hwmodels/catalog/prices.csv hwmodels/catalog/servers.csv \
  hwmodels/catalog/storage.csv
