#include "output/schema.h"

#define METRIC(column)                                                                                                 \
  "  max(CASE WHEN name='" #column "' AND scope='whole' AND versus='' THEN value END) AS " #column ",\n"

/* Whose invoice a charge stands on; storage is bought or rented. */
#define PROVIDER                                                                                                       \
  "CASE WHEN kind IN ('rent','commitment','commitment_unused','spot','block','egress') OR (kind='storage' AND "        \
  "ChargeCategory='Usage')"                                                                                            \
  " THEN 'cloud provider' ELSE 'own site' END"

/* No column holds a wall-clock time: the same input and seed must give the same content. */
const char schema_tables_sql[] =
    "CREATE TABLE run(\n"
    "  run INTEGER PRIMARY KEY, state TEXT NOT NULL, name TEXT, scenario TEXT, version TEXT, input_hash TEXT,\n"
    "  seed INTEGER, replicas INTEGER, as_of TEXT, start TEXT, months INTEGER, hours_per_year REAL,\n"
    "  basis TEXT, baseline TEXT, settings TEXT);\n"
    "CREATE TABLE input(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, key TEXT NOT NULL, value TEXT, unit TEXT, source TEXT, date TEXT, "
    "grade TEXT);\n"
    "CREATE TABLE metric(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, versus TEXT NOT NULL,\n"
    "  value REAL, unit TEXT, p10 REAL, p50 REAL, p90 REAL,\n"
    "  PRIMARY KEY(run, option, name, scope, versus)) WITHOUT ROWID;\n"
    "CREATE TABLE series(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, name TEXT NOT NULL, t REAL NOT NULL, value REAL);\n"
    "CREATE TABLE charge(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, kind TEXT NOT NULL, month INTEGER NOT NULL,\n"
    "  BilledCost REAL, EffectiveCost REAL, ListCost REAL, ContractedCost REAL,\n"
    "  ListUnitPrice REAL, ContractedUnitPrice REAL, PricingQuantity REAL, PricingUnit TEXT, PricingCategory TEXT,\n"
    "  ConsumedQuantity REAL, ConsumedUnit TEXT, BillingCurrency TEXT,\n"
    "  ChargeCategory TEXT, ChargeClass TEXT, ChargeFrequency TEXT, ChargeDescription TEXT,\n"
    "  ChargePeriodStart TEXT, ChargePeriodEnd TEXT, BillingPeriodStart TEXT, BillingPeriodEnd TEXT,\n"
    "  CommitmentDiscountStatus TEXT, ServiceCategory TEXT, ServiceName TEXT, ResourceId TEXT, ResourceName TEXT);\n"
    "CREATE TABLE event(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, t REAL NOT NULL, kind TEXT NOT NULL, text TEXT);\n"
    "CREATE TABLE job(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, name TEXT, state TEXT, submit_h REAL, start_h REAL, end_h REAL,\n"
    "  gpus REAL, gpu_hours REAL);\n"
    "CREATE TABLE request(\n"
    "  run INTEGER NOT NULL, option TEXT NOT NULL, arrival_s REAL, ttft_s REAL, end_s REAL,\n"
    "  input_tokens INTEGER, output_tokens INTEGER);\n"
    "CREATE TABLE validation(\n"
    "  run INTEGER NOT NULL, id TEXT NOT NULL, metric TEXT, measured REAL, predicted REAL, error_pct REAL, status "
    "TEXT, note TEXT);\n";

/* Views read the tables alone. Readers make their own, so that a file written by an older program has all of ours. */
const struct schema_view schema_views[SCHEMA_VIEWS] = {
    {"v_summary",
     "SELECT run, option,\n" METRIC(feasible) METRIC(servers) METRIC(gpus) METRIC(min_nodes_per_replica) METRIC(nodes_per_replica) METRIC(
         tco_usd) "  max(CASE WHEN name='tco_usd' AND scope='whole' AND versus='' THEN p10 END) AS tco_p10_usd,\n"
                  "  max(CASE WHEN name='tco_usd' AND scope='whole' AND versus='' THEN p50 END) AS tco_p50_usd,\n"
                  "  max(CASE WHEN name='tco_usd' AND scope='whole' AND versus='' THEN p90 END) AS "
                  "tco_p90_usd,\n" METRIC(usd_per_mtoken_output) METRIC(usd_per_mtoken_input) METRIC(usd_per_gpu_hour)
                      METRIC(usd_per_training_run) METRIC(time_to_train_s) METRIC(gpu_utilization) METRIC(load_factor)
                          METRIC(prob_feasible) METRIC(slo_attainment) METRIC(unserved_requests) METRIC(energy_mwh)
                              METRIC(peak_power_kw)
                                  METRIC(carbon_t) "  max(CASE WHEN name='breakeven_month' AND scope='whole' AND "
                                                   "versus<>'' THEN value END) AS breakeven_month,\n"
                                                   "  max(CASE WHEN name='prob_cheaper' AND scope='whole' AND "
                                                   "versus<>'' THEN value END) AS prob_cheaper,\n"
                                                   "  max(CASE WHEN name='npv_usd' AND scope='whole' AND versus<>'' "
                                                   "THEN value END) AS npv_usd\n"
                                                   "  FROM metric WHERE option<>'' GROUP BY run, option"},
    {"v_tco", "SELECT run, option, value AS tco_usd, p10, p50, p90,\n"
              "  (SELECT sum(BilledCost) FROM charge c WHERE c.run=m.run AND c.option=m.option) AS ledger_usd\n"
              "  FROM metric m WHERE name='tco_usd' AND scope='whole' AND versus=''"},
    {"v_utilization", "SELECT run, option, scope,\n"
                      "  max(CASE WHEN name='gpu_hours_provisioned' THEN value END) AS gpu_hours_provisioned,\n"
                      "  max(CASE WHEN name='gpu_hours' THEN value END) AS gpu_hours,\n"
                      "  max(CASE WHEN name='gpu_hours_productive' THEN value END) AS gpu_hours_productive,\n"
                      "  max(CASE WHEN name='gpu_utilization' THEN value END) AS gpu_utilization\n"
                      "  FROM metric WHERE versus='' AND name IN "
                      "('gpu_hours_provisioned','gpu_hours','gpu_hours_productive','gpu_utilization')\n"
                      "  GROUP BY run, option, scope"},
    {"v_charges_by_year", "SELECT run, option, month/12+1 AS year, kind,\n"
                          "  sum(BilledCost) AS billed_usd, sum(EffectiveCost) AS effective_usd\n"
                          "  FROM charge GROUP BY run, option, month/12, kind"},
    /* FOCUS 1.2, all columns of a cost and usage row; what a forecast cannot know is NULL. Labour and facility have no
       FOCUS service category. */
    {"v_focus",
     "SELECT run, option,\n"
     "  NULL AS AvailabilityZone, BilledCost, 'run ' || run AS BillingAccountId, 'rackcast forecast' AS "
     "BillingAccountName, 'run' AS BillingAccountType,\n"
     "  BillingCurrency, BillingPeriodEnd || 'T00:00:00Z' AS BillingPeriodEnd, BillingPeriodStart || 'T00:00:00Z' AS "
     "BillingPeriodStart,\n"
     "  NULL AS CapacityReservationId, NULL AS CapacityReservationStatus, ChargeCategory, ChargeClass, "
     "ChargeDescription, ChargeFrequency,\n"
     "  ChargePeriodEnd || 'T00:00:00Z' AS ChargePeriodEnd, ChargePeriodStart || 'T00:00:00Z' AS ChargePeriodStart,\n"
     "  CASE WHEN CommitmentDiscountStatus IS NOT NULL THEN 'Usage' END AS CommitmentDiscountCategory,\n"
     "  CASE WHEN CommitmentDiscountStatus IS NOT NULL THEN ResourceId END AS CommitmentDiscountId,\n"
     "  CASE WHEN CommitmentDiscountStatus IS NOT NULL THEN ResourceName END AS CommitmentDiscountName,\n"
     "  CASE WHEN CommitmentDiscountStatus IS NOT NULL THEN PricingQuantity END AS CommitmentDiscountQuantity, "
     "CommitmentDiscountStatus,\n"
     "  CASE WHEN CommitmentDiscountStatus IS NOT NULL THEN 'Reserved' END AS CommitmentDiscountType,\n"
     "  CASE WHEN CommitmentDiscountStatus IS NOT NULL THEN PricingUnit END AS CommitmentDiscountUnit,\n"
     "  ConsumedQuantity, ConsumedUnit, ContractedCost, ContractedUnitPrice, EffectiveCost, NULL AS InvoiceId,\n"
     "  " PROVIDER " AS InvoiceIssuerName,\n"
     "  ListCost, ListUnitPrice, PricingCategory, BillingCurrency AS PricingCurrency,\n"
     "  ContractedUnitPrice AS PricingCurrencyContractedUnitPrice, EffectiveCost AS PricingCurrencyEffectiveCost,\n"
     "  ListUnitPrice AS PricingCurrencyListUnitPrice, PricingQuantity, PricingUnit,\n"
     "  " PROVIDER " AS ProviderName,\n"
     "  " PROVIDER " AS PublisherName,\n"
     "  NULL AS RegionId, NULL AS RegionName, ResourceId, ResourceName, kind AS ResourceType,\n"
     "  CASE WHEN ServiceCategory IN ('Compute','Storage','Networking','AI and Machine Learning') THEN ServiceCategory "
     "ELSE 'Other' END AS ServiceCategory,\n"
     "  ServiceName, NULL AS ServiceSubcategory, NULL AS SkuId, NULL AS SkuMeter, NULL AS SkuPriceDetails, NULL AS "
     "SkuPriceId,\n"
     "  option AS SubAccountId, option AS SubAccountName, 'option' AS SubAccountType, json_object('option', option, "
     "'kind', kind, 'month', month) AS Tags\n"
     "  FROM charge"},
};
