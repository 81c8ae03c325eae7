/*
 * Random numbers: ChaCha20 as a generator, with fast key erasure.
 *
 * Each CPU has a key of its own. A request runs ChaCha20 under it: the first 32 bytes of output
 * replace the key, the rest is the answer. Whoever sees the state later learns nothing of earlier
 * answers. The keys come from a pool, a further ChaCha20 key, which RDRAND, the time-stamp counter
 * and the boot image's facts go into, and which is stirred again whenever it is used.
 *
 * Locks: a CPU's key is used with interrupts off, for one block at a time; pool_lock (DEVICE)
 *   guards the pool.
 * Follows: RFC 8439 for the block function; "Fast-key-erasure random-number generators" (Bernstein
 *   2017).
 */
#include "drivers/mem.h"

#include "lib/string.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"

#include "kernel/sync/spinlock.h"
#include "kernel/time/clock.h"

#define KEY_WORDS       8
#define BLOCK_WORDS     16
#define BLOCK_BYTES     64
#define RESEED_INTERVAL 4096 /* blocks a CPU makes of one seed */

struct generator {
	u32 key[KEY_WORDS];
	u32 blocks_left; /* 0: take a new key from the pool */
} __aligned(64);

static struct generator generators[MAX_CPUS];
static u32 pool[KEY_WORDS];
static struct spinlock pool_lock = SPINLOCK_INIT(RANK_DEVICE);

static u32 rotl(u32 x, int n)
{
	return x << n | x >> (32 - n);
}

#define QUARTER_ROUND(a, b, c, d)                                                                  \
	do {                                                                                       \
		a += b, d = rotl(d ^ a, 16);                                                       \
		c += d, b = rotl(b ^ c, 12);                                                       \
		a += b, d = rotl(d ^ a, 8);                                                        \
		c += d, b = rotl(b ^ c, 7);                                                        \
	} while (0)

static void chacha20_block(const u32 key[KEY_WORDS], u32 counter, u32 out[BLOCK_WORDS])
{
	u32 input[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	u32 *x = out;

	memcpy(input + 4, key, KEY_WORDS * sizeof(u32));
	input[12] = counter;
	memcpy(x, input, sizeof(input));
	for (int i = 0; i < 10; i++) {
		QUARTER_ROUND(x[0], x[4], x[8], x[12]);
		QUARTER_ROUND(x[1], x[5], x[9], x[13]);
		QUARTER_ROUND(x[2], x[6], x[10], x[14]);
		QUARTER_ROUND(x[3], x[7], x[11], x[15]);
		QUARTER_ROUND(x[0], x[5], x[10], x[15]);
		QUARTER_ROUND(x[1], x[6], x[11], x[12]);
		QUARTER_ROUND(x[2], x[7], x[8], x[13]);
		QUARTER_ROUND(x[3], x[4], x[9], x[14]);
	}
	for (int i = 0; i < BLOCK_WORDS; i++)
		x[i] += input[i];
}

/* One block under key, which is replaced: KEY_WORDS of it become the new key, the rest is for the
 * caller. */
static void ratchet(u32 key[KEY_WORDS], u32 rest[BLOCK_WORDS - KEY_WORDS])
{
	u32 block[BLOCK_WORDS];

	chacha20_block(key, 0, block);
	memcpy(key, block, KEY_WORDS * sizeof(u32));
	memcpy(rest, block + KEY_WORDS, KEY_WORDS * sizeof(u32));
}

static void pool_stir(const void *seed, size_t n)
{
	const u8 *bytes = seed;
	u32 unused[KEY_WORDS];

	for (size_t i = 0; i < n; i++) {
		((u8 *)pool)[i % sizeof(pool)] ^= bytes[i];
		if (i % sizeof(pool) == sizeof(pool) - 1 || i == n - 1)
			ratchet(pool, unused);
	}
}

void random_stir(const void *seed, size_t n)
{
	u64 irqflags = spin_lock_irqsave(&pool_lock);

	pool_stir(seed, n);
	spin_unlock_irqrestore(&pool_lock, irqflags);
}

/* Interrupts off. */
static void reseed(struct generator *g)
{
	u64 fresh[4] = { cpu_random(), rdtsc(), cpu_random(), cpu_random() };
	u32 seed[KEY_WORDS];

	spin_lock(&pool_lock);
	pool_stir(fresh, sizeof(fresh));
	ratchet(pool, seed);
	spin_unlock(&pool_lock);
	for (int i = 0; i < KEY_WORDS; i++)
		g->key[i] ^= seed[i];
	g->blocks_left = RESEED_INTERVAL;
}

/* At most 32 bytes, with interrupts off only for one block. */
static void small_answer(u8 *out, size_t n)
{
	u32 rest[BLOCK_WORDS - KEY_WORDS];
	u64 irqflags = irq_save();
	struct generator *g = &generators[cpu_id()];

	if (!g->blocks_left)
		reseed(g);
	g->blocks_left--;
	ratchet(g->key, rest);
	irq_restore(irqflags);
	memcpy(out, rest, n);
	memset(rest, 0, sizeof(rest));
}

void random_bytes(void *out, size_t n)
{
	u32 key[KEY_WORDS], block[BLOCK_WORDS];
	u8 *to = out;

	if (n <= sizeof(key)) {
		small_answer(to, n);
		return;
	}
	/* A long answer has a key of its own, used once, and a counter. */
	small_answer((u8 *)key, sizeof(key));
	for (u32 counter = 0; n; counter++) {
		size_t part = MIN(n, (size_t)BLOCK_BYTES);

		chacha20_block(key, counter, block);
		memcpy(to, block, part);
		to += part;
		n -= part;
	}
	memset(key, 0, sizeof(key));
	memset(block, 0, sizeof(block));
}

void random_init(void)
{
	u64 seed[8];

	for (size_t i = 0; i < ARRAY_SIZE(seed); i += 2) {
		seed[i] = cpu_random();
		seed[i + 1] = rdtsc() ^ clock_realtime_ns();
	}
	random_stir(seed, sizeof(seed));
}
