/* The process has come this far. Those who wait on pid->exited have not heard of it. */
void pid_advance(struct pid *pid, enum pid_life life)
{
	assert(pid_life(pid) < life);
	atomic_store_explicit(&pid->life, life, memory_order_relaxed);
}
