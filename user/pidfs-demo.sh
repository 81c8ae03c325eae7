#!/bin/sh
# pidfs-demo: pidfds at work, step by step, on this shell and its children.
say() {
	echo
	echo "== $*"
}
run() {
	echo "# $*"
	"$@"
}

say "A pidfd is an open file on pidfs, with an inode for each process."
run pidinfo $$

say "Two pidfds are the same process if and only if device and inode agree."
run pidsame $$ $$
run pidsame $$ 1

say "Each process has its own inode number; none is ever used twice."
run pidps

say "Who holds what: from the descriptor on the right to the process on the left."
supervise sleep 9 >/dev/null &
sleep 0.5
run pidgraph
kill $!

say "A pidfd can be polled: it reads as ready when its process ends."
sleep 1 &
run pidwait $!

say "A signal through a pidfd hits the process that was opened, or nobody."
sleep 60 &
victim=$!
run pidkill -TERM $victim
wait $victim 2>/dev/null
echo "the shell reaped it: status $?"
run pidkill -0 $victim

say "A supervisor: clone3(CLONE_PIDFD), epoll, waitid(P_PIDFD)."
run supervise -n 2 sh -c 'exit 3'

say "Kill on last close: not even kill -9 of a supervisor leaves an orphan."
supervise sleep 7777 &
victim=$!
sleep 0.5
kill -9 $victim
wait $victim 2>/dev/null
sleep 0.2
echo "sleep 7777 still runs: $(pgrep -f 'sleep 777[7]' | wc -l)"

say "When the last pidfd is closed, dentries and inode are gone."
if [ -r /proc/slabinfo ]; then
	grep -E '^(pseudo_dentry|inode|pid) ' /proc/slabinfo | cut -c1-52
fi
