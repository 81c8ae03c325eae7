// sources: lib/fmt.c
#include "test.h"

#define PRINTK_UNDER_TEST
#include "kernel/debug/printk.c"

static char shown[4096];
static size_t shown_len;

static void show(struct console *console, const char *text, size_t len)
{
	len = MIN(len, sizeof(shown) - 1 - shown_len);
	memcpy(shown + shown_len, text, len);
	shown_len += len;
	shown[shown_len] = 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

TEST(consoles_show_what_their_level_allows)
{
	struct console console = { .name = "test", .write = show, .wants_backlog = true };

	pr_info("before %d\n", 1);
	console_register(&console);
	CHECK(ends_with(shown, "] before 1\n"));
	shown_len = 0;
	pr_debug("not shown");
	CHECK(shown_len == 0);
	console_loglevel = 4;
	pr_warn("not shown");
	pr_err("shown");
	CHECK(shown[0] == '[' && ends_with(shown, "] shown\n") && shown_len < 40);
	console_unregister(&console);
	pr_emerg("nobody listens");
	CHECK(ends_with(shown, "] shown\n"));
}

TEST(log_keeps_the_newest_records)
{
	char text[LOG_TEXT_MAX];
	struct log_record record;
	u64 seq = 0, n = 0;

	for (u32 i = 0; i < 20000; i++)
		pr_info("%u:%.*s", i, (int)(i * 7 % 460), "................................"
						       "................................");
	while (log_get(&seq, &record, text)) {
		CHECK(record.seq == seq - 1 && record.level == LOG_INFO);
		text[record.len] = 0;
		n++;
	}
	CHECK(!strncmp(text, "19999:", 6));
	CHECK(seq == log_next_seq() && n == log_next_seq() - log_first_seq());
	CHECK(n > 400);
}

TEST(long_records_are_cut)
{
	char text[LOG_TEXT_MAX];
	struct log_record record;
	u64 seq;

	pr_info("%0900d", 1);
	seq = log_next_seq() - 1;
	CHECK(log_get(&seq, &record, text) && record.len == LOG_TEXT_MAX - 1 && text[9] == '0');
}

TEST(log_read_gives_whole_records)
{
	char buf[300];
	u64 seq = log_next_seq(), start = seq;
	size_t n;

	CHECK(log_read(&seq, buf, sizeof(buf)) == 0);
	pr_notice("one");
	pr_info("two");
	n = log_read(&seq, buf, sizeof(buf) - 1);
	buf[n] = 0;
	CHECK(seq == start + 2 && !strncmp(buf, "<5>[", 4) && ends_with(buf, "] two\n"));
	seq = start;
	n = log_read(&seq, buf, 30);
	CHECK(seq == start + 1 && buf[n - 1] == '\n');
	n = log_read(&seq, buf, 5);
	CHECK(n == 5 && seq == start + 2);
}
