# Pipit's build. One Makefile, no recursion, everything made goes to build/.
#
#   make [target] [CONFIG=release|debug] [CONFIG_PIDFS=n] [V=1]   `make help`
#
# A configuration is a folder, build/<config>/: release, debug, each also as
# -nopidfs, and the -Werror ones that `make check` builds. User programs, the
# initial ramdisks and what is generated are the same for all of them.

CONFIG       ?= $(if $(wildcard labs/current),debug,release)
CONFIG_PIDFS ?= y
CPUS         ?= 2
MEM          ?= $(if $(EXTRA),$(shell cat $(INITRD).mem),512M)
ACCEL        ?= tcg
APPEND       ?=
EXTRA         = $(strip $(PACKAGES) $(PROGRAMS))
INITRD        = build/$(if $(EXTRA),image.cpio,initramfs.cpio.gz)
Q            := $(if $(V),,@)
comma := ,
say           = $(if $(V),,@printf '  %-8s%s\n' $(1) $(2))
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS    += --no-builtin-rules
B            := build/$(CONFIG)$(if $(filter n,$(CONFIG_PIDFS)),-nopidfs)
G            := build/gen
all: kernel initramfs			## the kernel and its initial ramdisk (default)

# --- Missing Debian packages come first: tools/deps.sh has the list -----------
goals := $(or $(MAKECMDGOALS),all)
needs := $(if $(filter-out help clean size,$(goals)),build) \
	 $(if $(filter run% debug test% soak% bench screenshot graph grade hunt% mutants labs-test,$(goals)),run) \
	 $(if $(filter iso run-iso screenshot test test-guest test-iso test-nopidfs test-boot soak%,$(goals)),iso) \
	 $(if $(filter test% soak% oracle,$(goals)),test) \
	 $(if $(filter check analyze format fuzz,$(goals)),check) $(if $(filter debug,$(goals)),debug) \
	 $(if $(filter graph book,$(goals)),draw) $(if $(filter test lab labs-test hunt% mutants,$(goals)),labs)
ifneq ($(strip $(needs)),)
ifneq ($(shell tools/deps.sh $(needs) && echo ok),ok)
$(error the packages above are missing)
endif
endif

# --- What is in the kernel, folder by folder ----------------------------------
obj-lib     := bitmap cpio fmt inflate rbtree seqbuf string
obj-arch    := acpi apic backtrace clock cpu entry extable fpu gdt idt paging percpu \
	       power rtc sigframe smp switch syscall thread tlb traps uart usercopy
obj-boot    := ap_start bootinfo bootmem directmap multiboot2 options start
obj-debug   := printk panic ksyms ubsan
obj-sync    := lockcheck spinlock wait mutex rwsem refcount
obj-mm      := page slab slabcheck kmap as tables mmap remap advise fault
obj-time    := clock timer
obj-sched   := thread sched idle policy load futex futex_op futex_pi futex_robust work
obj-id      := pid pidns cred userns ns nscount uts
obj-fs      := protect super inode dentry dpath mount propagate mountops mnt_ns path namei fs_ctx file fdtable open rw uio stat \
	       poll pagecache chrdev flock xattr libfs tree seqfile readdir initramfs
obj-task    := task fork exec elf exit wait signal sigqueue sigdeliver rseq timers ptimer cpuclock usertrap \
	       session rlimit oom coredump elfcore sigio
obj-pidfs-y := pidfs/pidfs pidfs/attr pidfs/lastclose
obj-subfs   := pidfs/pidfd pidfs/handle pidfs/fallback pipefs/pipe pipefs/splice pipefs/corepipe $(addprefix sockfs/,sockfs socket unix unix_name \
	       unix_io unix_packet unix_gc scm coresocket) anonfs/anonfs anonfs/eventfd anonfs/timerfd \
	       anonfs/signalfd anonfs/epoll anonfs/fscontext tmpfs/tmpfs tmpfs/mount devfs/devfs devfs/devpts \
	       nsfs/nsfs $(addprefix procfs/,procfs pid ns objgraph process status stack memory smaps fd mounts \
	       system cpuinfo sys) sysfs/sysfs
obj-drivers := drivers irq tty/tty tty/ldisc tty/job tty/ioctl tty/pty vt console escape sgr charset \
	       vgatext fbcon font keyboard keymap serial mem kmsg random
obj-syscall := dispatch pidfd handle process sched futex rseq io splice open namei fd mount mem signal time timers poll \
	       anon id xattr misc ns socket statmount

objs := $(obj-lib:%=lib/%.o) $(obj-arch:%=arch/x86_64/%.o) $(obj-boot:%=boot/%.o) \
	$(foreach d,debug sync mm time sched id task syscall,$(obj-$d:%=kernel/$d/%.o)) \
	$(obj-fs:%=fs/%.o) $(obj-subfs:%=fs/%.o) $(obj-drivers:%=drivers/%.o) \
	kernel/main.o kernel/selftest.o gen/syscall_table.o
only-trace := kernel/sched/trace.o fs/procfs/trace.o

# --- Flags ----------------------------------------------------------------------
gccinc   := $(shell gcc -print-file-name=include)
CFLAGS   := -std=gnu17 -O2 -g -ffreestanding -nostdinc -isystem $(gccinc) -I. -Iuapi -I$(G) \
	    -fno-pie -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	    -fno-common -fno-strict-aliasing -fno-delete-null-pointer-checks \
	    -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	    -fstack-protector-strong -ffile-prefix-map=$(CURDIR)/= \
	    -Wall -Wextra -Wundef -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	    -Wmissing-declarations -Wold-style-definition -Wpointer-arith -Wwrite-strings \
	    -Wcast-align -Wimplicit-fallthrough -Wformat=2 -Wdate-time \
	    -Wframe-larger-than=1024 -Wno-unused-parameter -Wno-format-nonliteral
GCCFLAGS := -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init \
	    -Walloca -Wnull-dereference -fno-tree-loop-distribute-patterns \
	    -mpreferred-stack-boundary=3
CLANGFLAGS := -Wthread-safety -Wthread-safety-beta -Wmissing-variable-declarations \
	    -mstack-alignment=8
# User pointers may be odd or null; that is no fault, and a kernel's null pointer faults by itself.
DEBUG    := -DCONFIG_DEBUG=1 -fsanitize=undefined -fno-sanitize=alignment,null \
	    -ftrivial-auto-var-init=pattern
RELEASE  := -ftrivial-auto-var-init=zero
NASMFLAGS := -f elf64 -g -F dwarf -w+all
LDFLAGS  := -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
	    --no-warn-rwx-segments -T linker.ld

# The hooks at each function's entry and exit, but not in what the hooks themselves need.
TRACE    := $(RELEASE) -DCONFIG_TRACE=1 -finstrument-functions \
	    -finstrument-functions-exclude-file-list=arch/,boot/,drivers/,kernel/debug/,kernel/mm/,kernel/sched/,kernel/sync/,kernel/time/,lib/,.h \
	    -finstrument-functions-exclude-function-list=upcall_return_to_user

# $(call kernel-rules,CONFIG,PIDFS,CC,FLAGS,NASM FLAGS)
define kernel-rules
build/$1/%.o: %.c Makefile | $(G)/stamp
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$Q$3 $(CFLAGS) $4 $(if $(filter y,$2),-DCONFIG_PIDFS=1) $$(flags-$$*) -MMD -MP -c -o $$@ $$<
build/$1/%.o: %.asm build/$1/offsets.inc Makefile | $(G)/stamp
	$$(call say,NASM,$$@)
	@mkdir -p $$(@D)
	$$Qnasm $(NASMFLAGS) $5 -I build/$1/ -I ./ -MD $$(@:.o=.d) -MP -o $$@ $$<
build/$1/gen/%.o: $(G)/%.c Makefile | $(G)/stamp
	@mkdir -p $$(@D)
	$$Q$3 $(CFLAGS) $4 -MMD -MP -c -o $$@ $$<
build/$1/offsets.inc: arch/x86_64/offsets.c Makefile | $(G)/stamp
	@mkdir -p $$(@D)
	$$Q$3 $(CFLAGS) $4 -MMD -MP -MT $$@ -MF $$@.d -S -o $$@.s $$<
	$$Qsed -n 's/^.*->\([A-Za-z0-9_]*\) [$$$$#]*\(-*[0-9]*\).*/%define \1 \2/p' $$@.s >$$@
build/$1/pipit.elf: $(objs:%=build/$1/%) $(obj-pidfs-$2:%=build/$1/fs/%.o) $(only-$1:%=build/$1/%) \
		linker.ld tools/gensyms.py
	$$(call say,LD,$$@)
	$$Qset -e; : >$$@.syms; for pass in 1 2 3; do \
		nm -n $$@.syms.elf 2>/dev/null | python3 tools/gensyms.py >$$@.syms.c; \
		$3 $(CFLAGS) $4 -c -o $$@.syms.o $$@.syms.c; \
		ld $(LDFLAGS) -Map=$$@.map -o $$@.syms.elf $$(filter %.o,$$^) $$@.syms.o; \
	done; mv $$@.syms.elf $$@
endef
gcc-ok   := gcc -Werror
$(eval $(call kernel-rules,release,y,gcc,$(GCCFLAGS) $(RELEASE)))
$(eval $(call kernel-rules,debug,y,gcc,$(GCCFLAGS) $(DEBUG)))
$(eval $(call kernel-rules,release-nopidfs,n,gcc,$(GCCFLAGS) $(RELEASE)))
$(eval $(call kernel-rules,trace,y,gcc,$(GCCFLAGS) $(TRACE)))
$(eval $(call kernel-rules,debug-nopidfs,n,gcc,$(GCCFLAGS) $(DEBUG)))
$(eval $(call kernel-rules,check-release,y,gcc -Werror,$(GCCFLAGS) $(RELEASE),-w+error))
$(eval $(call kernel-rules,check-debug,y,gcc -Werror,$(GCCFLAGS) $(DEBUG),-w+error))
$(eval $(call kernel-rules,check-clang,y,clang -Werror -isystem $(shell clang -print-resource-dir 2>/dev/null)/include,$(CLANGFLAGS) -DCONFIG_DEBUG=1,-w+error))
-include $(wildcard build/*/*.d build/*/*/*.d build/*/*/*/*.d build/*/*/*/*/*.d)

# --- Generated: system call numbers and tables from the one table -----------------
SYSCALLS := tools/gensyscalls.awk kernel/syscall/linux.tbl kernel/syscall/table.tbl
$(G)/stamp: $(SYSCALLS)
	@mkdir -p $(G)/asm $(G)/bits
	$Qset -e; gen() { awk -v what=$$1 -f $(SYSCALLS) >$(G)/$$2.new; \
		cmp -s $(G)/$$2.new $(G)/$$2 && rm $(G)/$$2.new || mv $(G)/$$2.new $(G)/$$2; }; \
	gen unistd asm/unistd_64.h; gen sysnames bits/syscall_nr.h; gen table syscall_table.c
	@touch $@
$(G)/syscall_table.c: $(G)/stamp ;
# The shapes of the calls' arguments, and what is expected of bad ones, as C.
$(G)/shapes.h: tools/genshapes.awk kernel/syscall/table.tbl uapi/linux/errno.h tests/user/shapes.tbl
	@mkdir -p $(G)
	$Qawk -v what=shapes -f $^ >$@
$(G)/expected.h: tools/genshapes.awk tests/user/bad_arguments.expected tests/user/bad_arguments.exceptions
	@mkdir -p $(G)
	$Qawk -v what=expected -f $^ >$@
docs:					## docs/syscalls.md and its totals in the README, from the tables
	$Qawk -v what=doc -f $(SYSCALLS) >docs/syscalls.md
	$Qsed -i "s/^Of Linux's .* system calls .*/$$(awk -v what=totals -f $(SYSCALLS))/" README.md

# --- User space: libc, tools, guest tests (LIBC=musl builds them with musl) -------
LIBC     ?= pipit
U        := build/user$(if $(filter musl,$(LIBC)),-musl)
UFLAGS   := -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-format-nonliteral
LFLAGS   := $(UFLAGS) -ffreestanding -nostdinc -isystem $(gccinc) -Ilibc/include -I. -Iuapi -I$(G) \
	    -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	    -fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections -MMD -MP
libc-src := $(wildcard libc/src/*/*.c libc/arch/x86_64/*.c) lib/string.c lib/fmt.c lib/fmt_float.c
libc-asm := $(wildcard libc/arch/x86_64/*.asm)
libc-obj := $(libc-src:%.c=$U/%.o) $(filter-out %crt1.o,$(libc-asm:%.asm=$U/%.o))
tools-c  := $(notdir $(basename $(filter-out user/init.c,$(wildcard user/*.c))))
tests-c  := $(notdir $(basename $(wildcard tests/user/*.c)))
tests-sh := $(wildcard tests/user/*.sh)
uprogs   := $(tools-c:%=$U/user/%)
utests   := $(tests-c:%=$U/tests/user/%)
shaped   := bad_arguments random_calls
shape-h  := $(G)/shapes.h $(G)/expected.h
# The same sources against the C libraries of others, one of them position-independent.
glibc-tests    := pidfd_open pidfs_identity threads
musl-pie-tests := clone_pidfd threads
foreign  := $(glibc-tests:%=build/foreign/%-glibc) $(musl-pie-tests:%=build/foreign/%-musl)

ifeq ($(LIBC),pipit)
$U/%.o: %.c Makefile | $(G)/stamp
	$(call say,UCC,$@)
	@mkdir -p $(@D)
	$Qgcc $(LFLAGS) -c -o $@ $<
$U/%.o: %.asm Makefile
	@mkdir -p $(@D)
	$Qnasm -f elf64 -I ./ -o $@ $<
$U/libc.a: $(libc-obj)
	$Qrm -f $@; ar rcs $@ $^
$U/%: $U/%.o $U/libc/arch/x86_64/crt1.o $U/libc.a
	$Qgcc -static -no-pie -nostdlib -s -Wl,--gc-sections -Wl,-z,noexecstack \
		-Wl,--build-id=none -o $@ $(filter %.o,$^) $U/libc.a -lgcc
$(shaped:%=$U/tests/user/%.o): $(shape-h)
else
$(shaped:%=$U/tests/user/%): $(shape-h)
$U/%: %.c
	@mkdir -p $(@D)
	$Qmusl-gcc $(UFLAGS) -static -o $@ $< $(filter %.o,$^)
endif
musl-lib := /usr/lib/x86_64-linux-musl
build/foreign/%-glibc: tests/user/%.c tests/user/tap.h
	$(call say,GLIBC,$@)
	@mkdir -p $(@D)
	$Qgcc $(UFLAGS) -static -s -pthread -o $@ $<
build/foreign/%-musl: tests/user/%.c tests/user/tap.h
	$(call say,MUSL,$@)
	@mkdir -p $(@D)
	$Qmusl-gcc $(UFLAGS) -fPIE -static -s -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text \
		-o $@ $(musl-lib)/rcrt1.o $(musl-lib)/crti.o $< $(musl-lib)/crtn.o

include labs/labs.mk
# --- Initial ramdisks and ISO ------------------------------------------------------
build/initramfs.cpio.gz: $U/user/init $(uprogs) $(wildcard user/*.sh user/etc/*) labs/worksheet.md tools/mkinitramfs.sh tools/mkcpio.py
	$(call say,CPIO,$@)
	$Qtools/mkinitramfs.sh $@ $< --bin $(uprogs) $(wildcard user/*.sh)
build/tests.cpio: $U/user/init $(uprogs) $(utests) $(foreign) $(tests-sh) $(wildcard user/*.sh user/etc/*) labs/worksheet.md tools/mkinitramfs.sh tools/mkcpio.py
	$(call say,CPIO,$@)
	$Qtools/mkinitramfs.sh $@ $< --bin $(uprogs) $(wildcard user/*.sh) \
		--tests $(utests) $(foreign) $(tests-sh)
image: build/initramfs.cpio.gz		## a ramdisk with PACKAGES="..." of Debian, PROGRAMS="path ..." of this machine
	$(if $(EXTRA),$Qtools/image.py build/image.cpio --base $<.list --packages "$(PACKAGES)" \
		--programs "$(PROGRAMS)" --mem "$(if $(filter file,$(origin MEM)),,$(MEM))")
build/%/pipit.iso: build/%/pipit.elf build/initramfs.cpio.gz boot/grub.cfg tools/mkiso.sh
	$(call say,ISO,$@)
	$Qtools/mkiso.sh $@ $< build/initramfs.cpio.gz
kernel: $B/pipit.elf			## the kernel alone
initramfs: build/initramfs.cpio.gz	## the initial ramdisk alone
iso: $B/pipit.iso			## an ISO for BIOS and UEFI

# --- Running --------------------------------------------------------------------
QEMU  = qemu-system-x86_64 -accel $(ACCEL) -cpu max -smp $(CPUS) -m $(MEM) -no-reboot
BOOT  = -kernel $B/pipit.elf -initrd $(INITRD) -append "console=ttyS0 $(APPEND)"
run: kernel image			## boot it in this terminal (CPUS=2 MEM=512M PACKAGES="bash python3"; Ctrl-a x leaves)
	$Q$(QEMU) $(BOOT) -nographic
run-vga: kernel image		## boot it in a window
	$Q$(QEMU) -kernel $B/pipit.elf -initrd $(INITRD) -append "console=tty0 $(APPEND)"
run-iso: iso				## boot the ISO through GRUB in this terminal
	$Q$(QEMU) -cdrom $B/pipit.iso -nographic
debug: CONFIG := debug
debug: B := build/debug
debug: build/debug/pipit.elf image	## QEMU waits for gdb: gdb -x tools/pipit.gdb
	@echo "Now in another terminal: gdb -x tools/pipit.gdb"
	$Q$(QEMU) $(BOOT) -nographic -s -S

screenshot: kernel initramfs iso	## docs/console.png and docs/grub.png, from boots with a display
	$Qpython3 tools/screenshot.py $B/pipit.elf build/initramfs.cpio.gz docs/console.png \
		'pidinfo $$$$' pidps 'pidsame $$$$ 1'
	$Qpython3 tools/screenshot.py $B/pipit.elf build/initramfs.cpio.gz docs/grub.png --menu $B/pipit.iso

SCENE ?= supervise sleep 100 & sleep 1; pidwait $$(pidof sleep) &
graph: kernel initramfs			## build/graph.svg: who holds which pidfd after SCENE='...'
	$Qpython3 tools/graph.py $B/pipit.elf build/initramfs.cpio.gz build/graph.svg '$(SCENE)'

book:					## build/book.html, from docs/book and the sources
	@mkdir -p build
	$Qpython3 tools/book.py build/book.html

# --- Tests: tests/tests.mk has the rules, each part leaves a result file --------------
include tests/tests.mk

# --- Housekeeping -----------------------------------------------------------------
size:					## lines of each folder
	@tools/size.sh
clean:					## remove build/
	rm -rf build
help:					## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile tests/tests.mk labs/labs.mk | expand -t 22
.PHONY: all kernel initramfs image iso run run-vga run-iso debug screenshot graph book docs size clean help
