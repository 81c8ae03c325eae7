# docs/stress-ng.md from the log of `make test-stress-ng` (`make docs-stress-ng`).
/^(not )?ok / {
	name = $0
	sub(/^(not )?ok [0-9]+ - /, "", name)
	sub(/ .*/, "", name)
	line[name] = $0 # the last run of it counts
}

# Sorts what was said of one stressor.
function sort_in(name, said,    reason) {
	if (said ~ /^not ok/) {
		sub(/.*\(/, "", said)
		sub(/\).*/, "", said)
		failed[++failed_count] = name " | " said
	} else if (said ~ /# SKIP/) {
		reason = said
		sub(/.*# SKIP /, "", reason)
		if (!(reason in names))
			reasons[++reason_count] = reason
		names[reason] = names[reason] name " "
	} else {
		works = works " " name
		works_count++
	}
}

# Words in lines of 100.
function fold(words,    n, word, i, text) {
	n = split(words, word, " ")
	for (i = 1; i <= n; i++) {
		if (length(text " " word[i]) > 100) {
			print text
			text = ""
		}
		text = text (text ? " " : "") word[i]
	}
	print text
}

END {
	count = 0
	for (name in line)
		order[++count] = name
	for (i = 2; i <= count; i++) { # by name
		name = order[i]
		for (j = i - 1; j && order[j] > name; j--)
			order[j + 1] = order[j]
		order[j + 1] = name
	}
	for (i = 1; i <= count; i++)
		sort_in(order[i], line[order[i]])
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
	while ((getline row < "tests/stress-ng/found.md") > 0)
		print row
}
