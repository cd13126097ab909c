# What is not a database of ours is left alone.
cp "$srcdir/scenarios/article-8xa100.yaml" mine.yaml
rackcast run mine.yaml -o mine.yaml
status=$?
cmp mine.yaml "$srcdir/scenarios/article-8xa100.yaml" || exit 9
exit $status
