# docs/stress-ng.md from the log of `make test-stress-ng` (`make docs-stress-ng`).
/^ok / && !/# SKIP/ { works = works " " $4; works_count++ }
/^ok .*# SKIP / {
	reason = $0
	sub(/.*# SKIP /, "", reason)
	if (!(reason in names))
		reasons[++reason_count] = reason
	names[reason] = names[reason] $4 " "
}
/^not ok / {
	verdict = $0
	sub(/.*\(/, "", verdict)
	sub(/\).*/, "", verdict)
	failed[++failed_count] = $5 " | " verdict
}

# Words in lines of 100.
function fold(words,    n, word, i, line) {
	n = split(words, word, " ")
	for (i = 1; i <= n; i++) {
		if (length(line " " word[i]) > 100) {
			print line
			line = ""
		}
		line = line (line ? " " : "") word[i]
	}
	print line
}

END {
	print "# stress-ng\n"
	print "Debian's stress-ng, unmodified, in the guest: each stressor for some seconds, 4 workers,"
	print "`--verify`, 4 CPUs, 1 GiB, debug kernel. `make test-stress-ng` runs it (`STRESSORS=a,b`"
	print "`SECONDS_EACH=n KERNEL=release`); `make docs-stress-ng` makes this page from its log.\n"
	print "**Works: " works_count + 0 ".** It ran its time, counted operations, and its own checks found nothing.\n"
	fold(works)
	print "\n| does not work | why |\n|---|---|"
	for (i = 1; i <= reason_count; i++)
		print "| " names[reasons[i]] "| " reasons[i] " |"
	if (failed_count)
		print "\n| fails | how |\n|---|---|"
	for (i = 1; i <= failed_count; i++)
		print "| " failed[i] " |"
	print ""
	while ((getline line < "tests/stress-ng/found.md") > 0)
		print line
}
