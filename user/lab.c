/*
 * lab: the labs without a compiler: what to predict, what to run, and what it shows.
 *
 *   lab           the labs, a line each
 *   lab N         the worksheet of lab N
 *   lab N demo    its demonstration, then what to make of it with this kernel's kind of pidfd
 *
 * The texts are labs/worksheet.md: a part "## Lab N: title" for each, of which "### " begins what is
 * for afterwards; there "    anon ..." tells of that kind. The demonstrations are labs/N/demo.c, all
 * linked in here; a starter tree has only its own.
 */
#include <sys/statfs.h>

#include "pidtool.h"

typedef int demo_fn(void);
__attribute__((weak)) demo_fn demo_1, demo_2, demo_3, demo_4, demo_5, demo_6, demo_7, demo_8;

static demo_fn *const demos[] = { demo_1, demo_2, demo_3, demo_4, demo_5, demo_6, demo_7, demo_8 };
enum { NR_LABS = sizeof(demos) / sizeof(*demos), PIDFS = 0x50494446 };

/* Told by how it behaves, so also by a kernel that was built without pidfs, or has holes. */
static const char *kind_of_pidfds(void)
{
	int a = open_pid(getpid()), b = open_pid(getpid());
	struct statfs fs = { 0 };
	struct stat x, y;

	if (fstatfs(a, &fs) < 0 || fstat(a, &x) < 0 || fstat(b, &y) < 0)
		return "none";
	close(a);
	close(b);
	return x.st_ino != y.st_ino ? "fresh" : fs.f_type == PIDFS ? "pidfs" : "anon";
}

/* A line for afterwards; what it tells of this kernel's kind gets a mark. */
static void print_marked(const char *line, const char *kind)
{
	size_t len = strlen(kind);

	if (!strncmp(line, "    ", 4) && !strncmp(line + 4, kind, len) && line[4 + len] == ' ')
		printf("  > %s", line + 4);
	else
		fputs(line, stdout);
}

/* lab 0: the lines before the first lab, and all titles. kind: print what is for afterwards. */
static int print_part(int lab, const char *kind)
{
	FILE *file = fopen("/usr/share/labs", "r");
	char line[200];
	int at = 0, is_after = 0;

	if (!file) {
		perror("/usr/share/labs");
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		int is_title = sscanf(line, "## Lab %d", &at) == 1;

		if (is_title || !strncmp(line, "### ", 4))
			is_after = !is_title;
		if (is_title && (at == lab || !lab) && !kind)
			printf("%s%s", lab ? "" : "  ", line + 3);
		else if (at == lab && is_after == !!kind && line[0] != '#')
			print_marked(line, kind ? kind : "");
	}
	fclose(file);
	return 0;
}

static int demo(int lab)
{
	const char *kind = kind_of_pidfds();
	int bad;

	if (!demos[lab - 1]) {
		fprintf(stderr, "lab: the demonstration of lab %d is not in this tree\n", lab);
		return 1;
	}
	bad = demos[lab - 1]();
	printf("\nThe pidfds of this kernel are of the kind \"%s\"; GRUB's menu has the others.\n",
	       kind);
	return bad | print_part(lab, kind);
}

int main(int argc, char **argv)
{
	int lab = argc > 1 ? atoi(argv[1]) : 0, is_demo = argc == 3 && !strcmp(argv[2], "demo");

	if (argc > 3 || (argc == 3 && !is_demo) || (argc > 1 && (lab < 1 || lab > NR_LABS))) {
		fprintf(stderr, "usage: lab [1-%d [demo]]\n", NR_LABS);
		return 2;
	}
	return is_demo ? demo(lab) : print_part(lab, NULL);
}
