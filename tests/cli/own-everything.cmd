# The README's "your own": a GPU, a server with its price, an engine, a stack, a model and a trace of one's own, each by what differs.
mkdir mine models
cat >mine/parts.csv <<'CSV'
kind,name,metric,value,unit,grade,source
gpu,H300X,like,H200-SXM,,assumed,sales talk
gpu,H300X,memory_capacity,192,GB,assumed,sales talk
gpu,H300X,memory_bandwidth,6,TB/s,assumed,sales talk
server,MyBox,like,DGX-H200,,assumed,sales talk
server,MyBox,gpu,H300X,,assumed,sales talk
price,MyBox,purchase,300000,USD,vendor,quote of Monday
CSV
printf '%s\n' engine,from,metric,value,unit MyServe,2026-01,like,vLLM, MyServe,2026-01,h_iter,0.2,ms >mine/engines.csv
printf '%s\n' model,like,layers MyModel,Llama-3.1-8B,48 >models/shapes.csv
rackcast trace make --rate '6 req/s' --input 1500 --output 300 --duration '2 min' >mine.csv
cat >mine.yaml <<'YAML'
name: mine
as_of: 2026-11-01
horizon: 3 yr
work:
  replay: {model: MyModel, trace: mine.csv, replica: {engine: MyServe, weights: fp8}, slo: {ttft_p95: 2 s, tpot_p95: 50 ms, attainment: 95 %}}
site: {pue: 1.3, tariff: 0.1 USD/kWh}
options:
  own: {layers: [{own: MyBox, count: 1}]}
  rent: {layers: [{rent: p5.48xlarge, term: 1 yr, count: 1}]}
YAML
rackcast fit MyModel MyBox --catalog mine --models models --engine MyServe | cut -c-27
rackcast run mine.yaml --catalog mine --models models -o mine.db 2>/dev/null | sed -n 's/, [0-9.,]* USD.*//p' | head -1
rackcast plan mine.yaml --catalog mine --models models
rackcast run mine.yaml -o mine.db
