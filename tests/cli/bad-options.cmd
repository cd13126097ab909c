rackcast report x.db --run two --otuput y
