#!/bin/sh
# Runs test programs on this machine and counts their TAP.
#
#	tools/rununit.sh RESULT-FILE PROGRAM...
#
# A program without TAP counts as one test, by its exit status. RESULT-FILE.tap has the lines of
# each test, after the program's name.
result=$1
shift
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
: >"$result.tap"
for program; do
	ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		timeout 120 "$program" >"$log" 2>&1 </dev/null
	status=$?
	grep '^ok\|^not ok' "$log" | sed "s|^|${program##*/} |" >>"$result.tap"
	ok=$(grep -c '^ok' "$log")
	skip=$(grep -ci '^ok.*# *skip\|^1\.\.0' "$log")
	bad=$(grep -c '^not ok' "$log")
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$log")
	if [ -z "$plan" ]; then
		[ $status = 0 ] && ok=1 bad=0 || ok=0 bad=1
	elif [ "$plan" != 0 ] && { [ $((ok + bad)) != "$plan" ] || { [ $status != 0 ] && [ "$bad" = 0 ]; }; }; then
		bad=$((bad + 1))
		echo "  FAIL $program: planned $plan, ran $((ok + bad - 1)), status $status"
	fi
	[ "$bad" = 0 ] || { echo "  FAIL $program (status $status):"; grep -v '^ok' "$log" | tail -n 40 | sed 's/^/    /'; }
	[ "$plan" = 0 ] || ok=$((ok - skip))
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
echo "  ${result##*/}: $passed passed, $failed failed, $skipped skipped"
echo "$passed $failed $skipped" >"$result"
