# Labs: included by the Makefile. LAB is the lab of a starter tree, or one named on the command line.

LAB ?= $(shell cat labs/current 2>/dev/null)
.PHONY: lab grade hunt hunt-kit mutants labs-test
ifneq ($(LAB),)
lab-names := $(shell sed -n 's/^"\(\w*\)\..*/\1/p' labs/$(LAB)/points.toml | sort -u)
lab-extra := $(basename $(notdir $(wildcard labs/$(LAB)/tests/*.c)))
lab-tests := $(lab-extra:%=$U/labs/$(LAB)/tests/%) $(patsubst %,$U/tests/user/%,$(filter-out $(lab-extra),$(lab-names)))
uprogs    += $(patsubst %.c,$U/%,$(wildcard labs/$(LAB)/demo.c))
build/lab$(LAB).cpio: $U/labs/init $(uprogs) $(lab-tests) labs/$(LAB)/points.toml labs/worksheet.md tools/mkinitramfs.sh tools/mkcpio.py
	$(call say,CPIO,$@)
	$Qtools/mkinitramfs.sh $@ $< --bin $(uprogs) --tests $(lab-tests)
endif
build/initramfs.cpio.gz: $(if $(LAB),labs/$(LAB)/points.toml)
# `lab` in the guest: the demonstrations in one program.
$U/labs/%/part.o: labs/%/demo.c Makefile | $(G)/stamp
	$(call say,UCC,$@)
	@mkdir -p $(@D)
	$Q$(if $(filter musl,$(LIBC)),musl-gcc $(UFLAGS) -I.,gcc $(LFLAGS)) -Dmain=demo_$* -c -o $@ $<
$U/user/lab: $(patsubst %/demo.c,$U/%/part.o,$(wildcard labs/*/demo.c))
grade:					## grade a lab (LAB=n OUT=dir FILTER=text V=1)
	@labs/grade.py $(LAB) $(if $(OUT),--out $(OUT)) $(if $(FILTER),--filter $(FILTER)) $(if $(V),-v) $(if $(SILENCE),--silence $(SILENCE))
lab:					## the starter tree of a lab (LAB=n OUT=dir)
	@tools/mklab $(or $(LAB),$(error LAB=n)) --out $(or $(OUT),$(error OUT=dir))
hunt-labs := $(LABS)
build/hunt/tests.cpio: $U/labs/init $(uprogs) $(HUNTED) tools/mkinitramfs.sh tools/mkcpio.py
	$Qtools/mkinitramfs.sh $@ $< --bin $(uprogs) --tests $(HUNTED)
hunt:					## which wrong kernels tests of your own tell (TESTS=dir KIT=dir OUT=dir LABS="3 4")
	@labs/hunt.py $(filter-out all,$(TESTS)) --labs "$(hunt-labs)" $(if $(KIT),--kit $(KIT)) $(if $(OUT),--out $(OUT))
hunt-kit:				## the kernels for that, ready to boot, for students (OUT=dir)
	@labs/hunt.py --make-kit $(or $(OUT),$(error OUT=dir)) --labs "$(hunt-labs)"
LABS ?= $(sort $(notdir $(wildcard labs/[1-9])))
mutants:				## the wrong kernels of each lab, which its tests must tell (LABS="3 4")
	@labs/test.py --mutants $(LABS)
labs-test:				## starters, solutions and mutants of the labs (LABS="3 4"); of all also the hunt, cheats
	@mkdir -p $R; rm -f $(labs-results)
	@$(MAKE) -s --no-print-directory run-labs
	$(sum) $(labs-results)
labs-results = $(if $(wildcard labs/test.py),$R/labs $(if $(hunt-labs),,$R/hunt $R/cheats))
run-labs:
	-@labs/test.py --result $R/labs $(LABS)
	-@$(if $(hunt-labs),,labs/hunt_test.py --result $R/hunt)
	-@$(if $(hunt-labs),,labs/cheats.py --result $R/cheats)
