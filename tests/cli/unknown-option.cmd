rackcast help --verison
