/* assert: says what was expected and aborts. May be included again under another NDEBUG. */
#undef assert
#ifdef NDEBUG
#define assert(cond) ((void)0)
#else
#define assert(cond) ((cond) ? (void)0 : libc_assert_failed(#cond, __FILE__, __LINE__, __func__))
#endif

#undef static_assert
#define static_assert _Static_assert

_Noreturn void libc_assert_failed(const char *cond, const char *file, int line, const char *func);
