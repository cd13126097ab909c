rackcast fit DeepSeek-R1 T4-server Jetson-AGX-Orin-devkit
