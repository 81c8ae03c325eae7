#!/bin/sh
# stress_ng: each stressor of stress-ng for some seconds, one after the other. TAP: a stressor passes
# if it ran its time, counted operations, and its own checks found nothing. What is in known.txt
# with a reason is a skip when it does not. What it said follows as comments.
# STRESSORS=a,b or FIRST=a; SECONDS_EACH=n WORKERS=n
known=/tests/known.txt
stressors=${STRESSORS:-$(stress-ng --stressors | tr ' ' '\n' | sed -n "/^${FIRST:-access}\$/,\$p")}
count=0

# Why the stressor failed, or nothing: STATUS.
judge() {
	if grep -q 'skipping\|will be skipped\|No stress workers' /tmp/said; then
		echo "skipped by itself"
	elif [ "$1" -ne 0 ]; then
		echo "status $1"
	elif grep -q prematurely /tmp/said; then
		echo "ended early"
	elif [ "${operations:-0}" = 0 ]; then
		echo "did nothing"
	fi
}

# Sets operations and verdict: WORKERS SECONDS.
run() {
	timeout -k 5 -s INT 150 stress-ng --"$stressor" "$1" --timeout "$2" \
		--verify --metrics-brief >/tmp/said 2>&1
	status=$?
	killall -q -9 stress-ng
	operations=$(sed -n "s/.*metrc: \[[0-9]*\] $stressor  *\([0-9][0-9]*\) .*/\1/p" /tmp/said)
	verdict=$(judge $status)
}

for stressor in $(echo "$stressors" | tr , ' '); do
	count=$((count + 1))
	reason=$(awk -F': ' -v name=" $stressor " \
		'index(" " $1 " ", name) { sub(/^[^:]*: /, ""); print }' $known)
	case $reason in
	harmful*)
		echo "ok $count - $stressor # SKIP $reason"
		continue ;;
	esac
	run "${WORKERS:-4}" "${SECONDS_EACH:-3}"
	if [ "$verdict" = "did nothing" ] && [ -z "$reason" ]; then
		run 1 $((${SECONDS_EACH:-3} * 10)) # a slow one
	fi
	if [ -z "$verdict" ]; then
		echo "ok $count - $stressor"
	elif [ "$reason" ]; then
		echo "ok $count - $stressor ($verdict) # SKIP $reason"
	else
		echo "not ok $count - $stressor ($verdict)"
	fi
	echo "# $stressor: ${operations:-no} operations"
	grep 'fail:\|skip\|prematurely' /tmp/said | head -n 5 | sed 's/WARNING//; s/^/# /'
done
echo "1..$count"
