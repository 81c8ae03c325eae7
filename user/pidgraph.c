/*
 * pidgraph: who holds a pidfd of whom, as the kernel's objects stand now.
 *
 *   pidgraph [-a]           a picture of text; -a: also processes without a pidfd
 *   pidgraph -s FILE        the same, and remembers it in FILE
 *   pidgraph -d FILE        what has gone (-) and come (+) since then
 *   pidgraph --dot          for graphviz: pidgraph --dot | dot -Tsvg
 *
 * Reads /proc/objgraph. A pointer goes from right to left: a descriptor to its file, to a dentry
 * of its own, to the process's one inode, to the struct pid, and from there to the process, as
 * long as it is not reaped. An inode in brackets knows nothing of the process: there the file holds
 * the struct pid (option pidfs=anon or fresh). What one inode or file is held by beyond the arrows shown (a message
 * in flight, a mount) shows as refs that no arrow explains.
 */
#include "pidtool.h"

enum { MAX_NODES = 4096, MAX_EDGES = 8192, ID = 40, TEXT = 64, MAX_LINES = 4096, LINE = 200 };

struct node {
	char id[ID], text[TEXT]; /* text: "key=value key=value" */
};

struct edge {
	char from[ID], to[ID], name[24];
};

static struct node nodes[MAX_NODES];
static struct edge edges[MAX_EDGES];
static char lines[MAX_LINES][LINE];
static int nr_nodes, nr_edges, nr_lines;

static struct node *find(const char *id)
{
	for (int i = 0; i < nr_nodes; i++)
		if (!strcmp(nodes[i].id, id))
			return &nodes[i];
	return NULL;
}

/* What edge of this name leads from "from"; NULL: none. */
static const struct edge *edge_from(const char *from, const char *name)
{
	for (int i = 0; i < nr_edges; i++)
		if (!strcmp(edges[i].from, from) && !strcmp(edges[i].name, name))
			return &edges[i];
	return NULL;
}

/* The value of key in a node's text, in one of a few buffers used in turn. */
static const char *value(const char *id, const char *key)
{
	static char buf[8][TEXT];
	static int next;
	const struct node *n = id ? find(id) : NULL;
	const char *at = n ? n->text : NULL;
	char *out = buf[next++ % 8];
	size_t len = strlen(key);

	while (at && (strncmp(at, key, len) || at[len] != '='))
		if ((at = strchr(at, ' ')))
			at++;
	if (!at)
		return "?";
	snprintf(out, TEXT, "%.*s", (int)strcspn(at + len + 1, " "), at + len + 1);
	return out;
}

static void read_line(const char *line)
{
	struct node n;
	struct edge e;

	if (sscanf(line, "N %*s %39s %63[^\n]", n.id, n.text) == 2) {
		if (!find(n.id) && nr_nodes < MAX_NODES)
			nodes[nr_nodes++] = n;
	} else if (sscanf(line, "E %39s %39s %23s", e.from, e.to, e.name) == 3) {
		for (int i = 0; i < nr_edges; i++)
			if (!strcmp(edges[i].name, e.name) && !strcmp(edges[i].from, e.from) &&
			    !strcmp(edges[i].to, e.to))
				return;
		if (nr_edges < MAX_EDGES)
			edges[nr_edges++] = e;
	}
}

static int read_graph(void)
{
	FILE *file = fopen("/proc/objgraph", "r");
	char line[LINE];

	if (!file) {
		fprintf(stderr, "/proc/objgraph: %s%s\n", strerror(errno),
			errno == ENOENT ? " (it is Pipit's own)" : "");
		return 0;
	}
	while (fgets(line, sizeof(line), file))
		read_line(line);
	fclose(file);
	return 1;
}

/* ---- the picture */

static void add_line(const char *text)
{
	if (nr_lines < MAX_LINES)
		snprintf(lines[nr_lines++], LINE, "%s", text);
}

/* "5:sh:3,4" for each process that has the file open. */
static void holders(const char *file, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < nr_edges && len < size; i++)
		if (!strcmp(edges[i].to, file) && edges[i].from[0] == 't')
			len += snprintf(out + len, size - len, "%s%s(%s) fd %s", len ? ", " : "",
					edges[i].from + 1, value(edges[i].from, "name"),
					edges[i].name);
}

static const char *end_of(const char *from, const char *name)
{
	const struct edge *e = from ? edge_from(from, name) : NULL;

	return e ? e->to : NULL;
}

static const char *inode_of(const char *file)
{
	return end_of(end_of(file, "dentry"), "inode");
}

/* The struct pid that the file or its inode holds; NULL: it is no pidfd. */
static const char *pid_of(const char *file)
{
	const char *own = end_of(file, "private");

	return own ? own : end_of(inode_of(file), "private");
}

/* The process and its struct pid. */
static void left_columns(const char *pid, char *out, size_t size)
{
	const struct edge *task = edge_from(pid, "task");
	char who[TEXT], what[TEXT];

	if (task)
		snprintf(who, sizeof(who), "%s %s", task->to + 1, value(task->to, "name"));
	else
		snprintf(who, sizeof(who), "(nobody)");
	snprintf(what, sizeof(what), "%s %s r%s", value(pid, "nr"), value(pid, "life"),
		 value(pid, "refs"));
	snprintf(out, size, "%-18.18s %s %-17.17s", who, task ? "<->" : "   ", what);
}

static void draw_file(const char *left, const struct edge *d, const char *inode, int is_new)
{
	char by[LINE / 2], node[TEXT] = "", line[2 * LINE];

	if (is_new)
		snprintf(node, sizeof(node), end_of(inode, "private") ? "<- %s r%s" : "   (%s r%s)",
			 strchr(inode, ':') + 1, value(inode, "refs"));
	holders(d->from, by, sizeof(by));
	snprintf(line, sizeof(line), "%-40s %-13.13s <- %.5s r%s <- %.5s r%s <- %s", left, node,
		 d->to, value(d->to, "refs"), d->from, value(d->from, "refs"), by);
	line[LINE - 1] = '\0';
	add_line(line);
}

/* All rows of one process: one for each pidfd. Returns how many. */
static int draw_pid(const char *pid)
{
	const char *inode = NULL, *last;
	char left[LINE];
	int rows = 0;

	left_columns(pid, left, sizeof(left));
	for (int i = 0; i < nr_edges; i++) {
		const struct edge *d = &edges[i];
		const char *behind = strcmp(d->name, "dentry") ? NULL : pid_of(d->from);

		if (!behind || strcmp(behind, pid))
			continue;
		last = inode;
		inode = inode_of(d->from);
		draw_file(rows++ ? "" : left, d, inode, !last || strcmp(last, inode));
	}
	return rows;
}

static void draw(int all)
{
	char left[LINE];

	add_line(
		"process                struct pid           inode         dentry      file        "
		"descriptor");
	for (int i = 0; i < nr_nodes; i++) {
		const char *id = nodes[i].id;

		if (id[0] == 'p' && !draw_pid(id) && all) {
			left_columns(id, left, sizeof(left));
			add_line(left);
		}
	}
}

/* ---- for graphviz: what a pidfd leads to or from */

static int is_shown(const char *id)
{
	if (id[0] == 'f')
		return pid_of(id) != NULL;
	for (int i = 0; i < nr_edges; i++) {
		const struct edge *e = &edges[i];
		const char *other = id[0] == 't' ? e->to : e->from;

		if (other[0] != 't' && !strcmp(id[0] == 't' ? e->from : e->to, id) &&
		    is_shown(other))
			return 1;
	}
	return 0;
}

static void dot(void)
{
	static const char *const shape[] = { "t process box", "p struct_pid ellipse",
					     "i inode hexagon", "d dentry box", "f file note" };

	puts("digraph pidfs {\n rankdir=LR; node [fontname=\"monospace\" fontsize=10];");
	for (size_t k = 0; k < sizeof(shape) / sizeof(*shape); k++) {
		printf(" { rank=same;");
		for (int i = 0; i < nr_nodes; i++) {
			const struct node *n = &nodes[i];

			if (n->id[0] != shape[k][0] || !is_shown(n->id))
				continue;
			printf("\n  \"%s\" [shape=%s label=\"%.*s %s\\n%s\"];", n->id,
			       strrchr(shape[k], ' ') + 1, (int)strcspn(shape[k] + 2, " "),
			       shape[k] + 2, n->id + 1, n->text);
		}
		puts("\n }");
	}
	for (int i = 0; i < nr_edges; i++)
		if (is_shown(edges[i].from) && is_shown(edges[i].to))
			printf(" \"%s\" -> \"%s\" [label=\"%s\" fontsize=9];\n", edges[i].from,
			       edges[i].to, edges[i].name);
	puts("}");
}

/* ---- then and now */

static int has_line(const char *text, char (*in)[LINE], int nr)
{
	for (int i = 0; i < nr; i++)
		if (!strcmp(in[i], text))
			return 1;
	return 0;
}

static int save(const char *path)
{
	FILE *file = fopen(path, "w");

	for (int i = 0; file && i < nr_lines; i++)
		fprintf(file, "%s\n", lines[i]);
	if (file && !fclose(file))
		return 0;
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return 1;
}

static int diff(const char *path)
{
	static char before[MAX_LINES][LINE];
	FILE *file = fopen(path, "r");
	int nr = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	while (nr < MAX_LINES && fgets(before[nr], LINE, file)) {
		before[nr][strcspn(before[nr], "\n")] = '\0';
		nr++;
	}
	fclose(file);
	for (int i = 0; i < nr; i++)
		if (!has_line(before[i], lines, nr_lines))
			printf("- %s\n", before[i]);
	for (int i = 0; i < nr_lines; i++)
		if (!has_line(lines[i], before, nr))
			printf("+ %s\n", lines[i]);
	return 0;
}

int main(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";
	int is_file = !strcmp(option, "-s") || !strcmp(option, "-d");

	if (argc > 3 || (argc == 3) != is_file ||
	    (argc == 2 && strcmp(option, "-a") && strcmp(option, "--dot"))) {
		fprintf(stderr, "usage: pidgraph [-a | --dot | -s FILE | -d FILE]\n");
		return 2;
	}
	if (!read_graph())
		return 1;
	if (!strcmp(option, "--dot")) {
		dot();
		return 0;
	}
	draw(!strcmp(option, "-a"));
	if (!strcmp(option, "-d"))
		return diff(argv[2]);
	for (int i = 0; i < nr_lines; i++)
		puts(lines[i]);
	return is_file ? save(argv[2]) : 0;
}
