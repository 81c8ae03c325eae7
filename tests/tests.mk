# Tests and checks: included by the Makefile. Each part leaves its counts,
# "passed failed skipped", in build/results/; tools/sum.sh adds them up.

R   := build/results
RUN := tests/boot/run.py --initrd build/tests.cpio
sum  = @tools/sum.sh
.PHONY: soak soak-mix soak-races docs-pidfds test-stress-ng docs-stress-ng test test-unit test-guest test-kernel test-iso \
	test-boot test-nopidfs test-debian docs-programs oracle record-arguments bench check check-fast check-build check-layout \
	check-sparse check-tidy analyze format fresh-results

fresh-results:
	@rm -rf $R; mkdir -p $R

# --- On this machine: lib, fs and the like under sanitizers ------------------------
unit-c   := $(wildcard tests/unit/*_test.c tests/unit/*/*_test.c tests/unit/*/*/*_test.c)
unit-tsan := $(shell grep -l '^// tsan' $(unit-c) /dev/null)
unit     := $(unit-c:tests/unit/%.c=build/unit/%) $(unit-tsan:tests/unit/%.c=build/unit-tsan/%) \
	    $(wildcard tests/unit/tools/*_test.py)
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
guest-files := build/debug/pipit.elf build/release/pipit.elf build/trace/pipit.elf \
	       build/debug-nopidfs/pipit.elf build/tests.cpio build/initramfs.cpio.gz
TESTS ?= all
test-guest: build/debug/pipit.elf build/tests.cpio ## guest tests, debug kernel (CPUS=2 TESTS=a,b)
	@mkdir -p $R; rm -f $R/guest
	-@$(RUN) --kernel build/debug/pipit.elf --cpus $(CPUS) --tests $(TESTS) --result $R/guest \
		--log build/guest.log $(if $(V),-v)
	$(sum) $R/guest
# The parts of `make test`; what they need is built before.
run-smp%:
	-@$(RUN) --kernel build/debug/pipit.elf --cpus $* --result $R/smp$* --log build/smp$*.log
run-iso-%:
	-@$(RUN) --kernel build/release/pipit.elf --cpus 2 --iso $(if $(filter uefi,$*),--uefi) \
		--name release/iso-$* --result $R/iso-$* --log build/iso-$*.log
run-nopidfs:
	-@$(RUN) --kernel build/debug-nopidfs/pipit.elf --cpus 2 --env PIDFS=0 \
		--result $R/nopidfs --log build/nopidfs.log
run-boot:
	-@tests/boot/extra.py $R/boot
part = $(MAKE) -s --no-print-directory
test-iso: fresh-results $(guest-files)	## release kernel through GRUB, BIOS and UEFI
	@$(part) run-iso-bios; $(part) run-iso-uefi
	$(sum) $R/iso-bios $R/iso-uefi
test-nopidfs: fresh-results $(guest-files) ## the kernel built with CONFIG_PIDFS=n
	@$(part) run-nopidfs
	$(sum) $R/nopidfs
test-boot: fresh-results $(guest-files)	## hostile images, machine sizes, planted bugs, a shell
	@$(part) run-boot
	$(sum) $R/boot

# Everything. Parts that use few CPUs run two at a time.
test: fresh-results $(unit) $(guest-files) ## all tests; closes with "N passed, N failed"
	@tools/rununit.sh $R/unit $(unit)
	@$(part) run-smp4
	@$(part) -j2 run-smp1 run-iso-bios
	@$(part) run-smp2
	@$(part) -j2 run-iso-uefi run-nopidfs
	@$(part) run-boot
	@$(if $(labs-results),$(part) run-labs)
	$(sum) $R/unit $R/smp1 $R/smp2 $R/smp4 $R/iso-bios $R/iso-uefi $R/nopidfs $R/boot $(labs-results)

# Programs of Debian, unmodified, and of other languages; not part of test: it needs packages.
debian-programs = $(if $(shell command -v go),build/debian/hello-go) \
		  $(if $(shell command -v rustc),build/debian/hello-rust) \
		  $(if $(shell command -v go),$(if $(filter go,$(SETS)),$(go-tests)))
go-tests = $(filter build/%,$(shell grep '^programs:' tests/debian/go.txt))
# Debian's Go has no time zones of its own, which the tests of "time" want.
build/debian/gotest-%:
	$(call say,GO,$@)
	@mkdir -p $(@D)
	$QCGO_ENABLED=0 go test -c -tags timetzdata -o $@ $(subst _,/,$*)
build/debian/hello-go: tests/debian/hello.go
	$(call say,GO,$@)
	@mkdir -p $(@D)
	$QCGO_ENABLED=0 go build -o $@ $<
build/debian/hello-rust: tests/debian/hello.rs
	$(call say,RUSTC,$@)
	@mkdir -p $(@D)
	$Qrustc -O -C target-feature=+crt-static -o $@ $<
test-debian: $B/pipit.elf build/initramfs.cpio.gz	## Debian's programs, Go's and Rust's in the guest (SETS="base tools python")
	@mkdir -p $R build/debian; rm -f $R/debian
	@$(if $(strip $(debian-programs)),$(MAKE) -s --no-print-directory $(debian-programs))
	-@tests/boot/debian.py --kernel $< --cpus $(CPUS) --result $R/debian --doc build/programs.md \
		$(SETS:%=tests/debian/%.txt)
	$(sum) $R/debian
SETS ?= base tools
docs-programs:				## docs/programs.md, from the last run of test-debian
	$Qcat tests/debian/programs.head build/programs.md >docs/programs.md

# Longer than a test may be.
soak: fresh-results $(guest-files)	## long runs on 4 CPUs: number wrap, stress, random calls (20 min)
	-@$(RUN) --kernel build/debug/pipit.elf --cpus 4 --tests pid_wrap,pidfs_counts,stress,random_calls,pidfs_counts \
		--env FORKS=35000 --env SECONDS=120 --env TEST_SECONDS=3000 --silence 3000 --limit 6000 \
		--result $R/soak --log build/soak.log
	$(sum) $R/soak

MINUTES ?= 10
soak-kernel := $(or $(KERNEL),debug)
soak-mix: fresh-results build/$(soak-kernel)/pipit.elf build/tests.cpio ## the stress programs all at once on 4 CPUs (MINUTES=10)
	-@$(RUN) --kernel build/$(soak-kernel)/pipit.elf --cpus 4 --tests stress_mix \
		--env SECONDS=$(shell echo $$(($(MINUTES) * 60))) --env TEST_SECONDS=7200 --silence 7200 \
		--limit 7200 --result $R/soak-mix --log build/soak-mix.log
	$(sum) $R/soak-mix

# Each race of docs/races.md so often, on 4 CPUs of the debug kernel.
ROUNDS ?= 10000
soak-races: fresh-results $(guest-files) ## each race of docs/races.md 10,000 times (ROUNDS=n)
	-@$(RUN) --kernel build/debug/pipit.elf --cpus 4 --env ROUNDS=$(ROUNDS) --env OPENS=$(ROUNDS) \
		--env FORKS=$(ROUNDS) --env SECONDS=3600 --env TEST_SECONDS=14400 --silence 14400 --limit 14400 \
		--tests pidfd_races,pidfd_races_clone,pidfd_races_files,stress_pidfd --result $R/soak-races --log build/soak-races.log
	$(sum) $R/soak-races

# Debian's stress-ng, unmodified: docs/stress-ng.md. STRESSORS=a,b SECONDS_EACH=n KERNEL=release
build/stress-ng.cpio: $U/user/init $(wildcard tests/stress-ng/*.sh tests/stress-ng/known.txt) tools/mkcpio.py
	$Qtests/stress-ng/mkcpio.sh $@ $<
docs-stress-ng:				## docs/stress-ng.md, from the last run
	$Qtr -d '\r' <build/stress-ng.log | awk -f tests/stress-ng/report.awk >docs/stress-ng.md
test-stress-ng: fresh-results build/$(soak-kernel)/pipit.elf build/stress-ng.cpio ## stress-ng's stressors on 4 CPUs (20 min)
	-@tests/boot/run.py --initrd build/stress-ng.cpio --kernel build/$(soak-kernel)/pipit.elf \
		--cpus 4 --mem 1G --tests stress_ng $(if $(STRESSORS),--env STRESSORS=$(STRESSORS)) \
		$(if $(FIRST),--env FIRST=$(FIRST)) --env SECONDS_EACH=$(or $(SECONDS_EACH),3) --env TEST_SECONDS=7200 --silence 400 \
		--limit 7200 --result $R/stress-ng --log build/stress-ng.log
	$(sum) $R/stress-ng

# --- The same programs on the Linux that runs here ------------------------------------
oracle-bin := $(tests-c:%=build/oracle/%)
build/oracle/%: tests/user/%.c tests/user/tap.h
	@mkdir -p $(@D)
	$Qgcc $(UFLAGS) -pthread -o $@ $<
$(shaped:%=build/oracle/%): $(shape-h) tests/user/arguments.h tests/user/world.h
record-arguments: build/oracle/bad_arguments ## what this Linux answers to bad arguments (as root)
	$Q$< --record >build/recorded && mv build/recorded tests/user/bad_arguments.expected
oracle: $(oracle-bin)			## guest tests with glibc on this Linux host
	@mkdir -p $R
	@tools/rununit.sh $R/oracle $(oracle-bin)
	$(sum) $R/oracle
docs-pidfds:				## the column "Linux host" of docs/pidfds.md, from the last make oracle
	$Qawk -v what=fill -f tools/pidfds.awk $R/oracle.tap docs/pidfds.md >build/pidfds.md
	$Qmv build/pidfds.md docs/pidfds.md

# --- Speed ------------------------------------------------------------------------
build/bench/pidbench: tests/bench/pidbench.c
	@mkdir -p $(@D)
	$Qmusl-gcc -std=c11 -O2 -static -s -o $@ $<
bench: build/bench/pidbench build/release/pipit.elf $U/user/init ## guest instructions per operation, beside goal and Linux
	@tests/bench/bench.py build/release/pipit.elf build/bench/pidbench $(BENCH)

# --- Checks: clean or they fail ---------------------------------------------------
sources := $(shell find lib arch boot kernel fs drivers libc user uapi -name '*.[ch]')
check-objs := $(objs) $(obj-pidfs-y:%=fs/%.o)
kernel-c := $(wildcard $(check-objs:.o=.c))
format:					## clang-format all C
	$Qclang-format -i $(sources) $(wildcard tests/user/*.[ch] labs/*.c labs/*/*.c labs/*/tests/*.c)
check: check-fast check-sparse check-tidy check-build ## format, layers, sizes, sparse, clang-tidy, clang, -Werror
	@echo "check: clean"
check-fast: check-layout
	@{ awk -v what=doc -f $(SYSCALLS) | cmp - docs/syscalls.md && \
		grep -qxF "$$(awk -v what=totals -f $(SYSCALLS))" README.md; } || \
		{ echo "docs/syscalls.md, README.md: not what \`make docs\` writes"; exit 1; }
	@awk -v what=shapes -f tools/genshapes.awk kernel/syscall/table.tbl uapi/linux/errno.h tests/user/shapes.tbl >/dev/null
	@clang-format --dry-run -Werror $(sources) $(wildcard tests/user/*.[ch] labs/*.c labs/*/*.c labs/*/tests/*.c)
	@awk -f tools/checklayers.awk tools/layers.txt $(filter-out libc/% user/%,$(sources))
	@python3 tools/book.py --check
	@tools/checksize.sh
	@tools/checktree.sh $(check-objs) $(only-trace)
	@[ ! -e tools/mklab ] || tools/mklab --check
	@awk -v what=check -f tools/pidfds.awk tests/user/*.c docs/pidfds.md docs/races.md
# The ABI headers against themselves, against Linux's and against the C library's.
LAYOUT := gcc -std=gnu17 -ffreestanding -Wall -Wextra -Wundef -Wshadow -Werror -fsyntax-only
check-layout:
	@$(LAYOUT) -nostdinc -isystem $(gccinc) -Iuapi uapi/layout.c
	@$(LAYOUT) -DHOST uapi/layout.c
	@$(LAYOUT) -DHOST=2 uapi/layout.c
SPARSE := sparse -ffreestanding -Wno-decl -Wno-vla -Wno-cast-truncate -D__VERSION__=\"sparse\" -Wsparse-error $(filter-out -f% -m% -W% -g -O2,$(CFLAGS)) -DCONFIG_DEBUG=1 -DCONFIG_PIDFS=1 -D__x86_64__
check-sparse: | $(G)/stamp
	@for f in $(kernel-c); do $(SPARSE) $$f || bad=1; done; [ -z "$$bad" ]
clanginc = $(shell clang -print-resource-dir)/include
TIDYFLAGS = $(subst $(gccinc),$(clanginc),$(filter-out -W% -f% -m%,$(CFLAGS))) -ffreestanding \
	    -mgeneral-regs-only -DCONFIG_DEBUG=1 -DCONFIG_PIDFS=1
check-tidy: | $(G)/stamp
	@printf '%s\n' $(kernel-c) | xargs -P 2 -n 6 sh -c \
		'clang-tidy --quiet "$$@" -- $(TIDYFLAGS) 2>/dev/null' tidy
check-build: build/check-release/pipit.elf build/check-debug/pipit.elf build/check-clang/pipit.elf \
	$(obj-pidfs-n:%=build/check-release/fs/%.o)
analyze: | $(G)/stamp			## gcc -fanalyzer and cppcheck, for reading
	@for f in $(kernel-c); do gcc $(CFLAGS) -DCONFIG_PIDFS=1 -fanalyzer -o /dev/null -c $$f; done
	@cppcheck --quiet --enable=warning,portability -I. -Iuapi $(kernel-c)
