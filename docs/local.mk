# A page is listed here as soon as it exists; links between pages keep working where they are installed.
nobase_dist_doc_DATA += docs/architecture.md docs/cli.md docs/database.md docs/models-training.md
nobase_dist_doc_DATA += docs/models-hardware.md docs/scenarios.md
nobase_dist_doc_DATA += docs/models-money.md
nobase_dist_doc_DATA += docs/models-serving.md
nobase_dist_doc_DATA += docs/accuracy-serving.md
