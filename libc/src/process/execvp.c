/*
 * Finding a program in PATH.
 *
 * A file without a slash is tried in each directory; EACCES there is remembered but does not end
 * the search. A file the kernel cannot run (ENOEXEC) is taken for a shell script.
 */
#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run_script(const char *path, char *const argv[], char *const envp[])
{
	size_t n = 0;
	char **shell_argv;

	while (argv[n])
		n++;
	shell_argv = alloca((n + 2) * sizeof(char *));
	shell_argv[0] = "sh";
	shell_argv[1] = (char *)path;
	for (size_t i = 1; i <= n; i++)
		shell_argv[i + 1] = argv[i];
	if (!n)
		shell_argv[2] = NULL;
	execve("/bin/sh", shell_argv, envp);
}

static void try(const char *path, char *const argv[], char *const envp[])
{
	execve(path, argv, envp);
	if (errno == ENOEXEC)
		run_script(path, argv, envp);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	const char *dir = getenv("PATH");
	char path[PATH_MAX];
	int is_denied = 0;

	if (!*file) {
		errno = ENOENT;
		return -1;
	}
	if (strchr(file, '/')) {
		try(file, argv, envp);
		return -1;
	}
	if (!dir)
		dir = "/bin:/usr/bin";
	for (const char *end;; dir = end + 1) {
		size_t len;

		end = strchrnul(dir, ':');
		len = (size_t)(end - dir);
		if (len + strlen(file) + 2 <= sizeof(path)) {
			memcpy(path, dir, len);
			path[len] = '/';
			strcpy(path + len + (len > 0), file);
			try(path, argv, envp);
			is_denied |= errno == EACCES;
			if (errno != EACCES && errno != ENOENT && errno != ENOTDIR)
				return -1;
		}
		if (!*end)
			break;
	}
	errno = is_denied ? EACCES : ENOENT;
	return -1;
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}
