noinst_LIBRARIES += libhwmodels.a
libhwmodels_a_SOURCES = \
  hwmodels/attn.c hwmodels/calibrate.c hwmodels/calibrate.h hwmodels/calibrate_comm.c hwmodels/calibrate_attention.c hwmodels/calibrate_experts.c hwmodels/calibrate_gemm.c hwmodels/calibrate_kernels.c hwmodels/calibrate_rows.h \
  hwmodels/calibrate_power.c \
  hwmodels/catalog.c hwmodels/catalog.h hwmodels/clock.c hwmodels/clock.h hwmodels/coll.h hwmodels/collective.c hwmodels/collective.h hwmodels/contention.c hwmodels/contention.h \
  hwmodels/derive.c hwmodels/derive.h hwmodels/fit.c hwmodels/fit.h hwmodels/gemm.c hwmodels/gemm.h hwmodels/inherit.c hwmodels/like.c hwmodels/kernels.c hwmodels/kernels.h \
  hwmodels/names.c hwmodels/params.c hwmodels/power.c hwmodels/power.h hwmodels/priv.h hwmodels/problem.h hwmodels/views.c hwmodels/vocabulary.c
nobase_dist_pkgdata_DATA += \
  hwmodels/catalog/aliases.csv hwmodels/catalog/claims.csv hwmodels/catalog/collectives-default.csv hwmodels/catalog/collectives.csv \
  hwmodels/catalog/constants.csv hwmodels/catalog/economics.csv hwmodels/catalog/gpus.csv hwmodels/catalog/kernels-default.csv \
  hwmodels/catalog/kernels.csv hwmodels/catalog/links.csv hwmodels/catalog/model-error.csv hwmodels/catalog/power-default.csv hwmodels/catalog/power-facts.csv \
  hwmodels/catalog/power.csv hwmodels/catalog/prices.csv hwmodels/catalog/reliability.csv hwmodels/catalog/servers.csv hwmodels/catalog/storage.csv \
  hwmodels/catalog/presets/article-2025/claims.csv hwmodels/catalog/presets/article-2025/constants.csv \
  hwmodels/catalog/presets/article-2025/economics.csv hwmodels/catalog/presets/article-2025/gpus.csv \
  hwmodels/catalog/presets/article-2025/prices.csv hwmodels/catalog/presets/article-2025/servers.csv \
  hwmodels/measured/comm.csv hwmodels/measured/gemm.csv hwmodels/measured/power_fleet.csv hwmodels/measured/power_activity.csv hwmodels/measured/power_caps.csv \
  hwmodels/measured/power_nodes.csv
