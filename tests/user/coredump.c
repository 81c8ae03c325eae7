/*
 * coredump: dumps to files: when there is one, what is in it, who may have it.
 *
 * core_pattern stays as it is: these run on Linux too, where it is "core". What needs another one is in
 * coredump_to.c.
 */
#include <sys/auxv.h>

#include "cores.h"

static void *page_at(int prot, int flags)
{
	return mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static int child_raises(void *arg)
{
	signal((int)(long)arg, SIG_DFL);
	raise((int)(long)arg);
	return 77;
}

/* ---- when */

static void the_status_says_whether_there_is_one(void)
{
	siginfo_t info = { 0 };
	pid_t pid;

	NEEDS_FILES();
	EXPECT_EQ(crash(child_faults, (void *)16), SIGSEGV | 0x80);
	EXPECT_EQ(access("core", F_OK), 0);
	pid = spawn(child_faults, NULL);
	EXPECT_EQ(waitid(P_PID, pid, &info, WEXITED), 0);
	EXPECT_EQ(info.si_code, CLD_DUMPED);
	EXPECT_EQ(info.si_status, SIGSEGV);
}

static volatile int sigchld_code;

static void note_code(int sig, siginfo_t *info, void *context)
{
	sigchld_code = info->si_code;
}

static void sigchld_says_so_too(void)
{
	struct sigaction action = { .sa_sigaction = note_code, .sa_flags = SA_SIGINFO }, old;

	NEEDS_FILES();
	sigaction(SIGCHLD, &action, &old);
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV | 0x80);
	EXPECT_EQ(sigchld_code, CLD_DUMPED);
	sigaction(SIGCHLD, &old, NULL);
}

static void ten_signals_dump(void)
{
	static const int dump[] = { SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE,
				    SIGSEGV, SIGBUS, SIGSYS,  SIGXCPU, SIGXFSZ };
	static const int end[] = { SIGHUP, SIGINT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGKILL };

	NEEDS_FILES();
	for (size_t i = 0; i < sizeof(dump) / sizeof(dump[0]); i++)
		EXPECT_EQ(crash(child_raises, (void *)(long)dump[i]), dump[i] | 0x80);
	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++) {
		EXPECT_EQ(crash(child_raises, (void *)(long)end[i]), end[i]);
		EXPECT_ERR(access("core", F_OK), ENOENT);
	}
}

static void a_signal_from_outside_dumps(void)
{
	pid_t pid;

	NEEDS_FILES();
	pid = spawn_sleeper();
	kill(pid, SIGQUIT);
	EXPECT_EQ(reap(pid), SIGQUIT | 0x80);
}

static int child_faults_unlimited(void *arg)
{
	set_core_limit((rlim_t)(long)arg);
	return child_faults(NULL);
}

static void the_limit_bites(void)
{
	struct stat st;

	NEEDS_FILES();
	EXPECT_EQ(crash(child_faults_unlimited, (void *)0), SIGSEGV);
	EXPECT_ERR(access("core", F_OK), ENOENT);
	EXPECT_EQ(crash(child_faults_unlimited, (void *)4095), SIGSEGV);
	EXPECT_ERR(access("core", F_OK), ENOENT);
	EXPECT_EQ(crash(child_faults_unlimited, (void *)8192), SIGSEGV | 0x80);
	EXPECT_EQ(stat("core", &st), 0);
	EXPECT(st.st_size <= 8192);
}

static int child_not_dumpable(void *arg)
{
	prctl(PR_SET_DUMPABLE, 0);
	return child_faults(NULL);
}

static int child_changes_ids(void *arg)
{
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 1;
	if (arg)
		prctl(PR_SET_DUMPABLE, 1);
	return child_faults(NULL);
}

static void only_the_dumpable_are_dumped(void)
{
	struct stat st;

	NEEDS_FILES();
	EXPECT_EQ(crash(child_not_dumpable, NULL), SIGSEGV);
	EXPECT_ERR(access("core", F_OK), ENOENT);
	if (geteuid())
		SKIP("root only");
	chmod(".", 0777);
	EXPECT_EQ(crash(child_changes_ids, NULL), SIGSEGV);
	EXPECT_ERR(access("core", F_OK), ENOENT);
	EXPECT_EQ(crash(child_changes_ids, "dumpable again"), SIGSEGV | 0x80);
	EXPECT_EQ(stat("core", &st), 0);
	EXPECT_EQ(st.st_uid, 1000);
	chmod(".", 0700);
}

static void dumpable_is_a_matter_of_prctl(void)
{
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
	EXPECT_ERR(prctl(PR_SET_DUMPABLE, 2), EINVAL);
	EXPECT_EQ(prctl(PR_SET_DUMPABLE, 0), 0);
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
	EXPECT_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
}

/* ---- the file */

static void a_dump_is_a_new_file_of_its_own(void)
{
	struct stat st, other;

	NEEDS_FILES();
	EXPECT_EQ(store("core", ""), ENOENT);
	close(open("other", O_CREAT | O_WRONLY, 0666));
	EXPECT_EQ(link("other", "core"), 0); /* what is there is not written to */
	EXPECT_EQ(reap(spawn(child_faults, NULL)), SIGSEGV | 0x80);
	EXPECT_EQ(stat("other", &other), 0);
	EXPECT_EQ(stat("core", &st), 0);
	EXPECT_EQ(other.st_size, 0);
	EXPECT(st.st_ino != other.st_ino);
	EXPECT_EQ(st.st_mode, S_IFREG | 0600);
	EXPECT_EQ(st.st_uid, geteuid());
	unlink("core");
	EXPECT_EQ(symlink("other", "core"), 0);
	EXPECT_EQ(reap(spawn(child_faults, NULL)), SIGSEGV | 0x80);
	EXPECT_EQ(lstat("core", &st), 0);
	EXPECT(S_ISREG(st.st_mode));
	EXPECT_EQ(stat("other", &other), 0);
	EXPECT_EQ(other.st_size, 0);
	unlink("other");
}

static int child_faults_with_umask(void *arg)
{
	umask(0777);
	return child_faults(NULL);
}

static void what_cannot_be_made_is_not(void)
{
	NEEDS_FILES();
	EXPECT_EQ(mkdir("core", 0755), 0);
	EXPECT_EQ(reap(spawn(child_faults, NULL)), SIGSEGV);
	rmdir("core");
	EXPECT_EQ(crash(child_faults_with_umask, NULL), SIGSEGV);
	unlink("core");
}

/* ---- what is in it */

static char marker[] = "marker in data";
static char *heap_page, *unread_page, *hidden_page, *file_page, *shared_page, *big;
#define BIG (64ul << 20)

static void check_process_notes(const struct core *core, pid_t pid)
{
	size_t len = 0;
	char *note = core_note(core, NOTE_PSINFO, 0, &len);
	const uint64_t *files;
	siginfo_t info;

	EXPECT_EQ(len, 136);
	REQUIRE(note != NULL);
	EXPECT_EQ(*(int *)(note + 24), pid);
	EXPECT_EQ(*(int *)(note + 28), getpid());
	EXPECT(!strncmp(note + 40, "coredump", 8));
	EXPECT(strstr(note + 56, "coredump") != NULL);
	note = core_note(core, NOTE_SIGINFO, 0, &len);
	EXPECT_EQ(len, sizeof(info));
	REQUIRE(note != NULL);
	memcpy(&info, note, sizeof(info));
	EXPECT_EQ(info.si_signo, SIGSEGV);
	EXPECT_EQ(info.si_code, SEGV_MAPERR);
	EXPECT_EQ((long)info.si_addr, 0x123);
	note = core_note(core, NOTE_AUXV, 0, &len);
	REQUIRE(note != NULL);
	EXPECT(len >= 16 * 10 && len % 16 == 0);
	for (size_t i = 0; i < len; i += 16)
		if (*(uint64_t *)(note + i) == AT_ENTRY)
			EXPECT_EQ(*(uint64_t *)(note + i + 8), getauxval(AT_ENTRY));
	files = (const uint64_t *)core_note(core, NOTE_FILE, 0, &len);
	REQUIRE(files != NULL);
	EXPECT(files[0] >= 1 && files[1] == 4096);
	note = (char *)(files + 2 + 3 * files[0]);
	EXPECT(strstr(note, "coredump") != NULL); /* the program itself is mapped lowest */
	for (uint64_t i = 0; i < files[0]; i++)
		note += strlen(note) + 1;
	EXPECT_EQ(note - (char *)files, len); /* debuggers complain about more */
}

static void check_registers(const struct core *core, pid_t pid)
{
	size_t len = 0;
	struct prstatus *status = (struct prstatus *)core_note(core, NOTE_STATUS, 0, &len);
	char *fpu;

	EXPECT_EQ(len, 336);
	REQUIRE(status != NULL);
	EXPECT_EQ(status->signo, SIGSEGV);
	EXPECT_EQ(status->cursig, SIGSEGV);
	EXPECT_EQ(status->pid, pid);
	EXPECT_EQ(status->ppid, getpid());
	EXPECT_EQ(status->regs[REG_NR_R12], 0x1212121212121212);
	EXPECT(core_memory(core, (void *)status->regs[REG_NR_RSP]) != NULL);
	EXPECT(core_area(core, (void *)status->regs[REG_NR_RIP]) != NULL);
	fpu = core_note(core, NOTE_FPU, 0, &len);
	EXPECT_EQ(len, 512);
	REQUIRE(fpu != NULL);
	EXPECT_EQ(*(uint64_t *)(fpu + 160 + 16 * 9), 0x0909090909090909); /* xmm9 */
	EXPECT_EQ(*(uint16_t *)fpu, 0x37f);
	fpu = core_note(core, NOTE_XSTATE, 0, &len);
	if (fpu) {
		EXPECT(len >= 576);
		EXPECT(*(uint64_t *)(fpu + 464) & 3);
		EXPECT_EQ(*(uint64_t *)(fpu + 160 + 16 * 9), 0x0909090909090909);
	}
}

static int child_prepares_and_faults(void *arg)
{
	int fd = open("mapped", O_RDWR);

	strcpy(marker, "marker changed");
	strcpy(heap_page, "heap");
	strcpy(hidden_page, "hidden");
	madvise(hidden_page, 4096, MADV_DONTDUMP);
	mprotect(heap_page, 4096, PROT_NONE);
	file_page = mmap(file_page, 8192, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	shared_page = mmap(shared_page, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	strcpy(big + BIG / 2, "in the middle");
	__asm__ volatile("movabs $0x1212121212121212, %%r12\n\t"
			 "movabs $0x0909090909090909, %%rax\n\t"
			 "movq %%rax, %%xmm9\n\t"
			 "movl $1, 0x123\n\t" ::
				 : "rax", "r12", "xmm9", "memory");
	return 0;
}

static void make_pages(void)
{
	int fd = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0644);

	EXPECT_EQ(write(fd, "bytes", 5), 5); /* the second page is beyond the end */
	close(fd);
	heap_page = page_at(PROT_READ | PROT_WRITE, 0);
	unread_page = page_at(PROT_NONE, 0);
	hidden_page = page_at(PROT_READ | PROT_WRITE, 0);
	shared_page = page_at(PROT_NONE, 0);
	file_page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	big = mmap(NULL, BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void drop_pages(void)
{
	munmap(heap_page, 4096);
	munmap(unread_page, 4096);
	munmap(hidden_page, 4096);
	munmap(shared_page, 4096);
	munmap(file_page, 8192);
	munmap(big, BIG);
}

static void check_memory(const struct core *core)
{
	char *at;

	at = core_memory(core, marker);
	EXPECT(at && !strcmp(at, "marker changed"));
	at = core_memory(core, heap_page);
	EXPECT(at && !strcmp(at, "heap")); /* though the process could not read it */
	EXPECT(core_memory(core, hidden_page) == NULL);
	EXPECT(core_area(core, hidden_page) != NULL);
	EXPECT(core_memory(core, shared_page) == NULL);
	at = core_memory(core, big + BIG / 2);
	EXPECT(at && !strcmp(at, "in the middle"));
	at = core_memory(core, big);
	EXPECT(at && !*at);
}

static void registers_and_memory_are_there(void)
{
	struct core core;
	struct stat st;
	pid_t pid;

	NEEDS_FILES();
	make_pages();
	pid = spawn(child_prepares_and_faults, NULL);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	drop_pages();
	REQUIRE(core_read(&core, "core"));
	if (core_is_sound(&core)) {
		check_process_notes(&core, pid);
		check_registers(&core, pid);
		check_memory(&core);
	} else {
		EXPECT(!"a sound ELF core file");
	}
	EXPECT_EQ(stat("core", &st), 0);
	EXPECT(st.st_size > (off_t)BIG);
	EXPECT(st.st_blocks * 512 < (off_t)BIG / 4); /* what was never touched is a hole */
	core_free(&core);
	unlink("mapped");
}

/* ---- /proc/PID/coredump_filter */

#define FILTER "/proc/self/coredump_filter"

static int child_shows_filter(void *arg)
{
	char text[64];

	return strcmp(slurp(FILTER, text, sizeof(text)), arg) != 0;
}

static void the_filter_is_inherited(void)
{
	EXPECT_EQ(reap(spawn(child_shows_filter, "00000033\n")), 0);
	EXPECT_EQ(store(FILTER, "0x7f"), 0);
	EXPECT_EQ(reap(spawn(child_shows_filter, "0000007f\n")), 0);
	EXPECT_EQ(system("grep -q 0000007f " FILTER), 0); /* by exec too */
	EXPECT_EQ(store(FILTER, "ffffffff"), EINVAL);
	EXPECT_EQ(store(FILTER, "0xffffffff"), 0);
	EXPECT_EQ(reap(spawn(child_shows_filter, "000001ff\n")), 0);
	EXPECT_EQ(store(FILTER, "51\n"), 0);
	EXPECT_EQ(reap(spawn(child_shows_filter, "00000033\n")), 0);
}

static int child_filters(void *arg)
{
	char *shared = shared_page, *file = file_page;
	int fd = open("mapped", O_RDWR);

	strcpy(heap_page, "heap");
	mmap(shared, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	strcpy(shared, "shared");
	mmap(file, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	mmap(file + 4096, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	if (store(FILTER, arg))
		return 1;
	return child_faults(NULL);
}

/* Which of anonymous private, anonymous shared, private and shared pages of a file are there. */
static int filtered(const char *filter)
{
	struct core core;
	int found = 0;

	if (crash(child_filters, (void *)filter) != (SIGSEGV | 0x80) || !core_read(&core, "core"))
		return -1;
	if (!core_is_sound(&core))
		found = -1;
	else
		found = (core_memory(&core, heap_page) != NULL) |
			(core_memory(&core, shared_page) != NULL) << 1 |
			(core_memory(&core, file_page) != NULL) << 2 |
			(core_memory(&core, file_page + 4096) != NULL) << 3;
	core_free(&core);
	return found;
}

static void the_filter_chooses_areas(void)
{
	NEEDS_FILES();
	make_pages();
	EXPECT_EQ(filtered("0"), 0);
	EXPECT_EQ(filtered("1"), 1);
	EXPECT_EQ(filtered("2"), 2);
	EXPECT_EQ(filtered("4"), 4);
	EXPECT_EQ(filtered("8"), 8);
	EXPECT_EQ(filtered("0x33"), 3);
	EXPECT_EQ(filtered("0x1ff"), 15);
	drop_pages();
	unlink("mapped");
}

/* ---- pidfds */

static void a_pidfd_says_who_may_have_one(void)
{
	pid_t pid = spawn_sleeper();
	int fd = pidfd_open_(pid, 0);
	struct full_info info;

	if (!has_pidfs() || !kernel_at_least(6, 16))
		SKIP("no PIDFD_INFO_COREDUMP");
	EXPECT_EQ(info_of(fd, INFO_DUMP, &info), 0);
	EXPECT_EQ(info.v0.mask & INFO_DUMP, INFO_DUMP);
	EXPECT_EQ(info.v0.mask & (INFO_DUMP_SIGNAL | INFO_DUMP_CODE), 0);
	EXPECT_EQ(info.dump_mask, DUMP_BY_USER);
	if (in_guest()) {
		EXPECT_EQ(info_of(fd, INFO_SUPPORTED, &info), 0);
		EXPECT_EQ(info.supported & 0xff, 0xfb);
	}
	kill_and_reap(pid);
	EXPECT_ERR(info_of(fd, INFO_DUMP, &info), ESRCH);
	close(fd);
}

/* Nobody who has a pidfd was told of it: a file says nothing. */
static void a_dump_to_a_file_leaves_no_record(void)
{
	struct full_info info;
	pid_t pid;
	int fd;

	NEEDS_FILES();
	if (!has_pidfs() || !kernel_at_least(6, 16))
		SKIP("no PIDFD_INFO_COREDUMP");
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	kill(pid, SIGABRT);
	EXPECT_EQ(reap(pid), SIGABRT | 0x80);
	EXPECT_EQ(info_of(fd, INFO_DUMP | INFO_EXIT, &info), 0);
	if (kernel_at_least(7, 0))
		EXPECT_EQ(info.v0.mask & INFO_DUMP, 0);
	EXPECT_EQ(info.v0.exit_code, SIGABRT | 0x80);
	EXPECT_EQ(info.dump_mask, 0);
	close(fd);
}

int main(void)
{
	if (!core_dir_make())
		return 1;
	set_core_limit(RLIM_INFINITY);
	RUN(the_status_says_whether_there_is_one);
	RUN(sigchld_says_so_too);
	RUN(ten_signals_dump);
	RUN(a_signal_from_outside_dumps);
	RUN(the_limit_bites);
	RUN(only_the_dumpable_are_dumped);
	RUN(dumpable_is_a_matter_of_prctl);
	RUN(a_dump_is_a_new_file_of_its_own);
	RUN(what_cannot_be_made_is_not);
	RUN(registers_and_memory_are_there);
	RUN(the_filter_is_inherited);
	RUN(the_filter_chooses_areas);
	RUN(a_pidfd_says_who_may_have_one);
	RUN(a_dump_to_a_file_leaves_no_record);
	core_dir_remove();
	return tap_done();
}
