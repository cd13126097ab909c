rackcast run "$srcdir/scenarios/article-8xa100.yaml" -o x.db >/dev/null 2>&1 || exit 9
rackcast report x.db -o out >/dev/null 2>&1
ls out | grep -E '^(index.html|report.md)$'
ls out/tables | grep -q '[.]csv$' && echo tables
! grep -E '(src|href)="https?:' out/index.html
