# Words of own rows that no reader knows would be without effect: every one is an error with its place and the nearest.
mkdir mine models
cat >mine/boxes.csv <<'CSV'
kind,name,metric,value,unit,source,where,date,grade
gpu,H100-XL,like,H100-SXM-80GB,,me,,,assumed
gpu,H100-XL,memory_bandwith,4,TB/s,me,,,assumed
gpu,H100-XL,colour,red,,me,,,assumed
gpus,H100-XL,tdp,700,W,me,,,assumed
kernel,H100-XL,gemm.fp6.lunch,4,us,me,,,assumed
price,DGX-H100-640,on_demand,20,USD/h,me,,,assumed
server,XL-box,like,DGX-H100-641,,me,,,assumed
CSV
rackcast catalog --catalog mine gpu
cat >mine/boxes.csv <<'CSV'
kind,name,metric,value,unit,sourc,where,date,grade
gpu,H100-SXM-80GB,tdp,650,W,me,,,assumed
CSV
rackcast catalog --catalog mine gpu
cat >mine/boxes.csv <<'CSV'
kind,name,metric,value,unit,source,where,date,grade
kernel,H100-SMX-80GB,gemm.fp6.launch,4,us,me,,,assumed
price,DGX-H10-640,on-demand,20,USD/h,me,,,assumed
alias,My H100,gpu,H100-SXM-81GB,,me,,,assumed
CSV
rackcast catalog --catalog mine gpu
rm mine/boxes.csv
printf '%s\n' framework,since,like,host_op,source,grade 'mine,2024,,40,me,assumed' >mine/stacks.csv
printf '%s\n' engine,from,metric,value,units 'Mine,2024-01,like,vLLM,' >mine/engines.csv
rackcast catalog --catalog mine gpu
printf '%s\n' framework,since,like,zero,source,grade 'mine,2024,megatron-cor,,me,assumed' 'mine,2024,,three,me,assumed' 'mine,2024,,1e300,me,assumed' >mine/stacks.csv
printf '%s\n' engine,from,metric,value,unit 'Mine,2024-01,like,vLM,' 'Mine,2024-01,h_itr,1,ms' 'Mine,2024-01,max_seqs,1e300,' 'Mine,2024-01,h_iter,-1,ms' >mine/engines.csv
rackcast catalog --catalog mine gpu
printf '%s\n' engine,from,metric,value,unit 'Mine,2024-01,like,vLM,' 'A,2024-01,like,B,' 'B,2024-01,like,A,' >mine/engines.csv
printf '%s\n' framework,since,source,grade 'mine,2024,me,assumed' >mine/stacks.csv
rackcast catalog --catalog mine gpu
printf '%s\n' model,like,layrs 'Llama-3.1-9B,Llama-3.1-8B,36' >models/shapes.csv
rackcast fit Llama-3.1-9B DGX-H100-640 --models models
