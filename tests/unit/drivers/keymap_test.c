// sources: drivers/keymap.c
#include "test.h"

#include "lib/string.h"

#include "drivers/keymap.h"

static struct keymap map;

/* What the codes, written as a string, send. */
static bool sends(const char *codes, size_t n, const char *text)
{
	u8 out[256];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += keymap_scan(&map, (u8)codes[i], false, out + len);
	out[len] = 0;
	return str_eq((char *)out, text);
}
#define SENDS(codes, text) CHECK(sends(codes, sizeof(codes) - 1, text))

TEST(letters_with_shift_and_caps_lock)
{
	map = (struct keymap){};
	SENDS("\x23\xa3\x17\x97", "hi");
	SENDS("\x2a\x23\xa3\xaa\x17\x97", "Hi");
	SENDS("\x3a\x3a\xba\x1e\x9e\x02\x82\x36\x1e\x9e\x02\x82\xb6\x3a\xba\x1e\x9e", "A1a!a");
	SENDS("\x1c\x9c\x0e\x8e\x0f\x8f\x01\x81", "\r\177\t\033");
	SENDS("\x2a\x0f\x8f\xaa", "\033[Z");
}

TEST(ctrl_and_alt)
{
	map = (struct keymap){};
	SENDS("\x1d\x2e\xae\x20\xa0\x1a\x9a\x2b\xab\x9d", "\003\004\033\034");
	SENDS("\xe0\x1d\x2c\xac\xe0\x9d\x2c\xac", "\032z");
	SENDS("\x38\x30\xb0\xb8\x30", "\033bb");
}

TEST(keys_without_a_character)
{
	u8 out[KEYMAP_MAX_BYTES];

	map = (struct keymap){};
	SENDS("\xe0\x48\xe0\xc8\xe0\x50\xe0\x4d\xe0\x4b", "\033[A\033[B\033[C\033[D");
	SENDS("\xe0\x47\xe0\x4f\xe0\x52\xe0\x53\xe0\x49\xe0\x51", "\033[1~\033[4~\033[2~\033[3~\033[5~\033[6~");
	SENDS("\x3b\x3f\x40\x44\x57\x58", "\033[[A\033[[E\033[17~\033[21~\033[23~\033[24~");
	SENDS("\x2a\x3b\xaa", "\033[25~");
	CHECK(!keymap_scan(&map, 0xe0, true, out) && keymap_scan(&map, 0x48, true, out) == 3);
	CHECK(!memcmp(out, "\033OA", 3));
}

TEST(the_keypad_and_num_lock)
{
	map = (struct keymap){};
	SENDS("\x48\x4a\x4e\x37\xe0\x35\xe0\x1c", "\033[A-+*/\r");
	SENDS("\x45\xc5\x48\x53\x52\xe0\x48", "8.0\033[A");
	SENDS("\x45\xc5\x47", "\033[1~");
}

TEST(sequences_of_several_bytes_are_not_keys)
{
	map = (struct keymap){};
	SENDS("\xe1\x1d\x45\xe1\x9d\xc5\x1e", "a");
	SENDS("\xe0\x2a\xe0\x37\xe0\xb7\xe0\xaa\x1e", "a");
	CHECK(!map.has_num_lock && !map.is_ctrl[0]);
}

TEST(any_byte_is_survived)
{
	u8 out[KEYMAP_MAX_BYTES];

	map = (struct keymap){};
	for (int i = 0; i < 200000; i++)
		CHECK(keymap_scan(&map, (u8)test_random(), test_random() & 1, out) <= sizeof(out));
}
