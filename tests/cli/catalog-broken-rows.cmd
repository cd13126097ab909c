mkdir mine
printf 'kind,name,metric,value,unit,source,where,date,grade\ngpu,A100-SXM-80GB,tdp,400,parsec,x,,,assumed\ngpu,A100-SXM-80GB,idle_power\n' >mine/bad.csv
rackcast catalog --catalog mine gpu A100-SXM-80GB
