rackcast report
