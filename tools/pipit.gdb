# gdb -x tools/pipit.gdb, after `make debug` in another terminal.
set pagination off
set disassembly-flavor intel
file build/debug/pipit.elf
target remote :1234
hbreak panic
echo Stopped before the first instruction. Try: hbreak kernel_main, c, bt\n
