# Counts in a file on the volume of its container, a step every quarter of a
# second, and goes on from what it finds there. Process 1 of a container ignores
# SIGTERM unless it says otherwise.
trap 'echo "told to stop"; exit 0' TERM
echo "in container ${MESOS_CONTAINER_NAME:?only a container has one}"
n=$(cat /data/count 2>/dev/null || echo 0)
if [ "$n" -eq 0 ]; then
	echo "starting to count"
else
	echo "found the count at $n, going on"
fi
while [ "$n" -lt "${COUNT_TO:-1000000}" ]; do
	n=$((n + 1))
	echo "$n" >/data/count.new
	sync /data/count.new
	mv /data/count.new /data/count
	echo "count $n"
	sleep 0.25
done
echo "counted to $n, done"
