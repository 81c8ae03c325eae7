/* Unique among those who are alive, for no two of them are at one address. And later? */
static u64 ino_take(const struct pid *pid)
{
	return (u64)(uintptr_t)pid & 0xffffffffffffull;
}
