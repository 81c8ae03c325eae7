# Labs: included by the Makefile. LAB is the lab of a starter tree, or one named on the command line.

LAB ?= $(shell cat labs/current 2>/dev/null)
.PHONY: lab grade mutants labs-test
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
LABS ?= $(sort $(notdir $(wildcard labs/[1-9])))
mutants:				## the wrong kernels of each lab, which its tests must tell (LABS="3 4")
	@labs/test.py --mutants $(LABS)
labs-test:				## starters, solutions and mutants of the labs (LABS="3 4"); closes with "N passed, N failed"
	@labs/test.py $(LABS)
