# A new GPU and server are rows, never C: a scenario can own it at once.
mkdir mine
cat >mine/new.csv <<'CSV'
kind,name,metric,value,unit,source,where,date,grade
gpu,X1,vendor,Somebody,,a made-up part,,,assumed
gpu,X1,arch,hopper,,a made-up part,,,assumed
gpu,X1,memory_capacity,100,GiB,a made-up part,,,assumed
gpu,X1,memory_bandwidth,4000,GB/s,a made-up part,,,assumed
gpu,X1,sm_or_cu_count,100,count,a made-up part,,,assumed
gpu,X1,boost_clock,2000,MHz,a made-up part,,,assumed
gpu,X1,tdp,500,W,a made-up part,,,assumed
gpu,X1,idle_power,50,W,a made-up part,,,assumed
gpu,X1,bf16_tensor,1000,TFLOPS,a made-up part,,,assumed
gpu,X1,fp16_tensor,1000,TFLOPS,a made-up part,,,assumed
gpu,X1,fp32,60,TFLOPS,a made-up part,,,assumed
gpu,X1,pcie_link,PCIe 5.0 x16,,a made-up part,,,assumed
server,X1-box,gpu,X1,,a made-up part,,,assumed
server,X1-box,gpus,4,count,a made-up part,,,assumed
server,X1-box,power_max,3000,W,a made-up part,,,assumed
server,X1-box,power_idle,600,W,a made-up part,,,assumed
server,X1-box,host_class,2023-xeon,,a made-up part,,,assumed
CSV
rackcast catalog --catalog mine gpu X1 | grep -E 'bf16_tensor|tflops_per_w'
rackcast run "$srcdir/scenarios/article-8xa100.yaml" --catalog mine -o x.db \
  --set options.exact.layers.0.own=X1-box --set 'options.exact.layers.0.price=10 kUSD' 2>/dev/null | awk '$1 == "exact" { print $5 }'
