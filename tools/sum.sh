#!/bin/sh
# Adds up result files ("passed failed skipped" each) and prints the closing
# line. A part that left no file has failed.
passed=0 failed=0 skipped=0
for file; do
	if [ -s "$file" ]; then
		read -r p f s <"$file"
	else
		echo "  FAIL ${file##*/}: left no result"
		p=0 f=1 s=0
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
line="$passed passed, $failed failed"
[ "$skipped" = 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
