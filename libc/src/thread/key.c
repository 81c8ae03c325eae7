/*
 * Values of a thread by key. A key that was deleted and made again shows NULL only in threads that
 * never set it, as everywhere.
 */
#include <errno.h>
#include <pthread.h>

#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

enum { DESTRUCTOR_ROUNDS = 4 };

static void no_destructor(void *value)
{
}

static void (*destructors[PTHREAD_KEYS_MAX])(void *); /* NULL: free */
static int lock;

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int error = EAGAIN;

	libc_lock(&lock);
	for (unsigned int i = 0; error && i < PTHREAD_KEYS_MAX; i++) {
		if (destructors[i])
			continue;
		destructors[i] = destructor ? destructor : no_destructor;
		thread_self()->values[i] = NULL;
		*key = i;
		error = 0;
	}
	libc_unlock(&lock);
	return error;
}

int pthread_key_delete(pthread_key_t key)
{
	if (key >= PTHREAD_KEYS_MAX)
		return EINVAL;
	libc_lock(&lock);
	destructors[key] = NULL;
	libc_unlock(&lock);
	return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
	return key < PTHREAD_KEYS_MAX ? thread_self()->values[key] : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (key >= PTHREAD_KEYS_MAX)
		return EINVAL;
	thread_self()->values[key] = (void *)value;
	return 0;
}

/* A destructor may set values again, so there are a few rounds. */
void libc_run_key_destructors(struct libc_thread *self)
{
	int is_dirty = 1;

	for (int round = 0; is_dirty && round < DESTRUCTOR_ROUNDS; round++) {
		is_dirty = 0;
		for (unsigned int i = 0; i < PTHREAD_KEYS_MAX; i++) {
			void *value = self->values[i];
			void (*destructor)(void *) = destructors[i];

			if (!value || !destructor)
				continue;
			self->values[i] = NULL;
			destructor(value);
			is_dirty = 1;
		}
	}
}
