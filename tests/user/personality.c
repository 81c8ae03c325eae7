/*
 * personality: what personality(2) changes for a program and for those it executes: random
 * addresses, and the machine that uname(2) names.
 */
#include <sys/personality.h>

#include "tap.h"

static const char *self;

/* What a program executed with this persona says: where its stack is, and the machine. */
static char *tell(unsigned long persona, char *out, size_t size)
{
	int fds[2], n;
	pid_t child;

	if (pipe(fds))
		return NULL;
	child = fork();
	if (child == 0) {
		personality(persona);
		dup2(fds[1], 1);
		execl(self, self, "tell", NULL);
		_exit(127);
	}
	close(fds[1]);
	n = (int)read(fds[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	reap(child);
	return out;
}

static void addresses_stay_when_asked_to(void)
{
	char a[128], b[128];

	EXPECT(!strcmp(tell(ADDR_NO_RANDOMIZE, a, sizeof(a)),
		       tell(ADDR_NO_RANDOMIZE, b, sizeof(b))));
	EXPECT(strchr(a, ' ') != NULL);
	if (file_number("/proc/sys/kernel/randomize_va_space", "") == 2)
		EXPECT(strcmp(tell(0, a, sizeof(a)), tell(0, b, sizeof(b))));
}

static void the_machine_is_what_the_persona_says(void)
{
	char text[128];

	EXPECT(strstr(tell(PER_LINUX, text, sizeof(text)), " x86_64") != NULL);
	EXPECT(strstr(tell(PER_LINUX32, text, sizeof(text)), " i686") != NULL);
}

static void the_persona_is_told_and_inherited(void)
{
	unsigned long old = (unsigned long)personality(0xffffffff);
	char text[64];

	EXPECT_EQ(personality(old | SHORT_INODE), old);
	EXPECT_EQ(personality(0xffffffff), old | SHORT_INODE);
	snprintf(text, sizeof(text), "%08lx\n", old | SHORT_INODE);
	EXPECT(!strcmp(slurp("/proc/self/personality", (char[64]){ 0 }, 64), text) || getuid());
	EXPECT_EQ(personality(old), old | SHORT_INODE);
}

int main(int argc, char **argv)
{
	struct utsname name;

	if (argc > 1) {
		uname(&name);
		printf("%p %p %s\n", (void *)&argc, sbrk(0), name.machine);
		return 0;
	}
	self = "/proc/self/exe";
	RUN(addresses_stay_when_asked_to);
	RUN(the_machine_is_what_the_persona_says);
	RUN(the_persona_is_told_and_inherited);
	return tap_done();
}
