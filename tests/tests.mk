# Tests and checks: included by the Makefile. Each part leaves its counts,
# "passed failed skipped", in build/results/; tools/sum.sh adds them up.

R   := build/results
RUN := tests/boot/run.py --initrd build/tests.cpio
sum  = @tools/sum.sh
.PHONY: test test-unit test-guest test-kernel test-iso test-boot test-nopidfs oracle bench \
	check check-fast check-build check-sparse check-tidy analyze format fuzz fresh-results

fresh-results:
	@rm -rf $R; mkdir -p $R

# --- On this machine: lib, fs and the like under sanitizers ------------------------
unit-c   := $(wildcard tests/unit/*_test.c tests/unit/*/*_test.c tests/unit/*/*/*_test.c)
unit-tsan := $(shell grep -l '^// tsan' $(unit-c) /dev/null)
unit     := $(unit-c:tests/unit/%.c=build/unit/%) $(unit-tsan:tests/unit/%.c=build/unit-tsan/%)
UNITFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Wno-unused-parameter -pthread \
	     -Itests/unit/shim -I. -Iuapi -I$(G) -DCONFIG_DEBUG=1 -DCONFIG_PIDFS=1 -DHOST_TEST=1
# $(call unit-rule,FOLDER,SANITIZERS): sources are named by a test's first line.
define unit-rule
build/$1/%: tests/unit/%.c tests/tests.mk | $(G)/stamp
	$$(call say,UNIT,$$@)
	@mkdir -p $$(@D)
	$$Qset -e; src="$$$$(sed -n '1s,^// sources:,,p' $$<)"; \
	  gcc $(UNITFLAGS) -MM -MP -MT $$@ $$< $$$$src >$$@.d; \
	  gcc $(UNITFLAGS) $2 -o $$@ $$< $$$$src
endef
$(eval $(call unit-rule,unit,-fsanitize=address$(comma)undefined -fno-sanitize-recover=all))
$(eval $(call unit-rule,unit-tsan,-fsanitize=thread))
test-unit-build: $(unit)
test-unit: $(unit)			## host tests of kernel code under ASan, UBSan and TSan
	@mkdir -p $R
	@tools/rununit.sh $R/unit $(unit)
	$(sum) $R/unit

# --- In the guest -----------------------------------------------------------------
guest-files: build/debug/pipit.elf build/release/pipit.elf build/debug-nopidfs/pipit.elf build/tests.cpio
DBG := $(RUN) --kernel build/debug/pipit.elf
TESTS ?= all
test-guest: build/debug/pipit.elf build/tests.cpio ## guest tests, debug kernel (CPUS=2 TESTS=a,b)
	@mkdir -p $R
	-@$(DBG) --cpus $(CPUS) --tests $(TESTS) --result $R/guest --log build/guest.log $(if $(V),-v)
	$(sum) $R/guest
run-smp%: guest-files
	-@$(DBG) --cpus $* --result $R/smp$* --log build/smp$*.log
run-iso%: guest-files
	-@$(RUN) --kernel build/release/pipit.elf --cpus 2 --iso $(if $(filter uefi,$*),--uefi) \
		--name release/iso-$* --result $R/iso-$* --log build/iso-$*.log
run-nopidfs: guest-files
	-@$(RUN) --kernel build/debug-nopidfs/pipit.elf --cpus 2 --env PIDFS=0 \
		--result $R/nopidfs --log build/nopidfs.log
run-boot: guest-files
	-@tests/boot/extra.py $R/boot
test-iso: fresh-results run-isobios run-isouefi ## release kernel through GRUB, BIOS and UEFI
	$(sum) $R/iso-bios $R/iso-uefi
test-nopidfs: fresh-results run-nopidfs	## the kernel built with CONFIG_PIDFS=n
	$(sum) $R/nopidfs
test-boot: fresh-results run-boot	## hostile images, machine sizes, planted bugs
	$(sum) $R/boot

# Everything, one part after the other: each part uses all CPUs of a small machine.
test: fresh-results $(unit) guest-files	## all tests; closes with "N passed, N failed"
	@tools/rununit.sh $R/unit $(unit)
	@for part in smp1 smp2 smp4 isobios isouefi nopidfs boot; do \
		$(MAKE) -s --no-print-directory run-$$part; done
	$(sum) $R/unit $R/smp1 $R/smp2 $R/smp4 $R/iso-bios $R/iso-uefi $R/nopidfs $R/boot

# --- The same programs on the Linux that runs here ------------------------------------
oracle-bin := $(tests-c:%=build/oracle/%)
build/oracle/%: tests/user/%.c tests/user/tap.h
	@mkdir -p $(@D)
	$Qgcc $(UFLAGS) -pthread -o $@ $<
oracle: $(oracle-bin)			## guest tests with glibc on this Linux host
	@mkdir -p $R
	@tools/rununit.sh $R/oracle $(oracle-bin)
	$(sum) $R/oracle

# --- Speed ------------------------------------------------------------------------
build/bench/pidbench: tests/bench/pidbench.c
	@mkdir -p $(@D)
	$Qmusl-gcc -std=c11 -O2 -static -s -o $@ $<
bench: build/bench/pidbench build/release/pipit.elf $U/user/init ## guest instructions per operation, beside goal and Linux
	@tests/bench/bench.py build/release/pipit.elf build/bench/pidbench $(BENCH)

# --- Checks: clean or they fail ---------------------------------------------------
sources := $(shell find lib arch boot kernel fs drivers libc user uapi -name '*.[ch]')
kernel-c := $(patsubst %.o,%.c,$(filter-out gen/%,$(filter $(foreach o,$(objs) $(obj-pidfs-y:%=fs/%.o),$(if $(wildcard $(o:.o=.c)),$o)),$(objs) $(obj-pidfs-y:%=fs/%.o))))
format:					## clang-format all C
	clang-format -i $(sources) $(wildcard tests/user/*.[ch])
check: check-fast check-sparse check-tidy check-build ## format, layers, sizes, sparse, clang-tidy, clang, -Werror
	@echo "check: clean"
check-fast: docs
	@clang-format --dry-run -Werror $(sources) $(wildcard tests/user/*.[ch])
	@awk -f tools/checklayers.awk tools/layers.txt $(filter-out libc/% user/%,$(sources))
	@tools/checksize.sh
	@tools/checktree.sh $(objs) $(obj-pidfs-y:%=fs/%.o)
SPARSE := sparse -ffreestanding -Wno-decl -Wno-vla -Wno-cast-truncate -D__VERSION__=\"sparse\" -Wsparse-error $(filter-out -f% -m% -W% -g -O2,$(CFLAGS)) -DCONFIG_DEBUG=1 -DCONFIG_PIDFS=1 -D__x86_64__
check-sparse: | $(G)/stamp
	@for f in $(kernel-c); do $(SPARSE) $$f || bad=1; done; [ -z "$$bad" ]
clanginc = $(shell clang -print-resource-dir)/include
TIDYFLAGS = $(subst $(gccinc),$(clanginc),$(filter-out -W% -f% -m%,$(CFLAGS))) -ffreestanding \
	    -mgeneral-regs-only -DCONFIG_DEBUG=1 -DCONFIG_PIDFS=1
check-tidy: | $(G)/stamp
	@printf '%s\n' $(kernel-c) | xargs -P 2 -n 6 sh -c \
		'clang-tidy --quiet "$$@" -- $(TIDYFLAGS) 2>/dev/null' tidy
check-build: build/check-release/pipit.elf build/check-debug/pipit.elf build/check-clang/pipit.elf
analyze: | $(G)/stamp			## gcc -fanalyzer and cppcheck, for reading
	@for f in $(kernel-c); do gcc $(CFLAGS) -DCONFIG_PIDFS=1 -fanalyzer -o /dev/null -c $$f; done
	@cppcheck --quiet --enable=warning,portability -I. -Iuapi $(kernel-c)
