rackcast fit DeepSeek-R9 p4d.24xlargee
