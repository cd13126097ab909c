# A word that no name is near to, but that some contain; and one that is nowhere.
rackcast fit Distill-Qwen H100
status=$?
rackcast fit nowhere-near DGX-H100-640 2>&1 | grep -o 'known are: .*, DeepSeek-R1,' | wc -l
exit $status
