# gdb -x tools/pipit.gdb, after `make debug` in another terminal.
set pagination off
set disassembly-flavor intel
file build/debug/pipit.elf
target remote :1234
hbreak panic
source tools/pipit.py
echo Stopped before the first instruction. Try: hbreak sys_pidfd_open, c, bt, help pipit\n
