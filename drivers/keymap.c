/*
 * The US keyboard.
 *
 * Three tables: what keys mean plain and shifted, what the keypad means as numbers and as cursor
 * keys, and what keys without a character send. The state is the caller's, so this is tested on
 * any machine.
 * Follows: console_codes(4), keymaps(5), scan code set 1
 */
#include "drivers/keymap.h"

#include "lib/string.h"

#define RELEASED     0x80
#define PREFIX       0xe0
#define PREFIX_PAUSE 0xe1
#define PAUSE_MORE   2
#define CODE_CTRL    0x1d
#define CODE_SHIFT_L 0x2a
#define CODE_SHIFT_R 0x36
#define CODE_ALT     0x38
#define CODE_CAPS    0x3a
#define CODE_F1      0x3b
#define CODE_F10     0x44
#define CODE_NUM     0x45
#define CODE_PAD     0x47 /* to CODE_PAD_END: Home Up PgUp - Left 5 Right + End Down PgDn Ins Del */
#define CODE_PAD_END 0x53
#define CODE_F11     0x57
#define CODE_F12     0x58
#define CODE_PAD_MUL 0x37
#define CODE_TAB     0x0f

static const char plain[] =
	"\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
static_assert(sizeof(plain) == 0x3a + 1 && sizeof(shifted) == sizeof(plain), "one for each code");

static const char pad_number[] = "789-456+1230.";

/* The same keys without Num Lock, and the grey ones between. One letter: a cursor key. */
static const char *const pad_cursor[] = { "1~", "A",  "5~", NULL, "D",  "G", "C",
					  NULL, "4~", "B",  "6~", "2~", "3~" };

/* F1 to F12, and shifted F1 to F8, which are F13 to F20; all after ESC [. */
static const char *const function_keys[] = { "[A",  "[B",  "[C",  "[D",  "[E",  "17~", "18~",
					     "19~", "20~", "21~", "23~", "24~", "25~", "26~",
					     "28~", "29~", "31~", "32~", "33~", "34~" };

static bool any(const bool *pair)
{
	return pair[0] || pair[1];
}

/* True: the key only changes what others mean. */
static bool take_modifier(struct keymap *map, u8 code, bool is_extended, bool is_down)
{
	switch (code) {
	case CODE_SHIFT_L:
	case CODE_SHIFT_R:
		if (!is_extended) /* else it is part of a grey key's sequence */
			map->is_shift[code == CODE_SHIFT_R] = is_down;
		return true;
	case CODE_CTRL:
		map->is_ctrl[is_extended] = is_down;
		return true;
	case CODE_ALT:
		map->is_alt[is_extended] = is_down;
		return true;
	case CODE_CAPS:
		map->has_caps_lock ^= is_down && !map->is_caps_down;
		map->is_caps_down = is_down;
		return true;
	case CODE_NUM:
		map->has_num_lock ^= is_down && !map->is_num_down;
		map->is_num_down = is_down;
		return true;
	}
	return false;
}

static u8 with_ctrl(u8 c)
{
	static const char digits[] = "\0\033\034\035\036\037\177"; /* of 2 to 8 */

	if (c >= '@' && c <= '~')
		return c & 0x1f;
	if (c >= '2' && c <= '8')
		return digits[c - '2'];
	if (c == ' ')
		return 0;
	if (c == '-' || c == '/')
		return 0x1f;
	return c == '?' ? 0x7f : c;
}

static size_t send_char(const struct keymap *map, u8 c, u8 *out)
{
	size_t n = 0;

	if (any(map->is_alt))
		out[n++] = '\033';
	out[n++] = any(map->is_ctrl) ? with_ctrl(c) : c;
	return n;
}

static size_t send_sequence(const char *tail, bool has_app_cursor, u8 *out)
{
	size_t len = strlen(tail);

	out[0] = '\033';
	out[1] = len == 1 && has_app_cursor ? 'O' : '[';
	memcpy(out + 2, tail, len);
	return len + 2;
}

static size_t send_function(const struct keymap *map, unsigned int n, u8 *out)
{
	if (any(map->is_shift) && n + 12 < ARRAY_SIZE(function_keys))
		n += 12;
	return send_sequence(function_keys[n], false, out);
}

static size_t send_pad(const struct keymap *map, u8 code, bool is_extended, bool has_app_cursor,
		       u8 *out)
{
	unsigned int i = code - CODE_PAD;

	if (!pad_cursor[i] || (!is_extended && map->has_num_lock != any(map->is_shift)))
		return send_char(map, pad_number[i], out);
	return send_sequence(pad_cursor[i], has_app_cursor, out);
}

static size_t send_main(const struct keymap *map, u8 code, u8 *out)
{
	bool is_shifted = any(map->is_shift);
	u8 c = plain[code];

	if (map->has_caps_lock && c >= 'a' && c <= 'z')
		is_shifted = !is_shifted;
	if (code == CODE_TAB && is_shifted)
		return send_sequence("Z", false, out);
	return c ? send_char(map, is_shifted ? shifted[code] : c, out) : 0;
}

size_t keymap_scan(struct keymap *map, u8 code, bool has_app_cursor, u8 *out)
{
	bool is_extended = map->is_extended, is_down = !(code & RELEASED);

	if (map->skip) {
		map->skip--;
		return 0;
	}
	map->is_extended = code == PREFIX;
	if (code == PREFIX_PAUSE)
		map->skip = PAUSE_MORE;
	if (code == PREFIX || code == PREFIX_PAUSE)
		return 0;
	code &= ~RELEASED;
	if (take_modifier(map, code, is_extended, is_down) || !is_down)
		return 0;
	if (code >= CODE_PAD && code <= CODE_PAD_END)
		return send_pad(map, code, is_extended, has_app_cursor, out);
	if (is_extended && code == CODE_PAD_MUL)
		return 0; /* Print Screen */
	if (code >= CODE_F1 && code <= CODE_F10)
		return send_function(map, code - CODE_F1, out);
	if (code == CODE_F11 || code == CODE_F12)
		return send_function(map, code - CODE_F11 + 10, out);
	return code < sizeof(plain) - 1 ? send_main(map, code, out) : 0;
}
