/* A whole directory as a sorted list. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int alphasort(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int append(struct dirent ***list, size_t n, const struct dirent *entry)
{
	struct dirent **bigger = realloc(*list, (n + 1) * sizeof(*bigger));

	if (!bigger)
		return -1;
	*list = bigger;
	bigger[n] = malloc(entry->d_reclen);
	if (!bigger[n])
		return -1;
	memcpy(bigger[n], entry, entry->d_reclen);
	return 0;
}

int scandir(const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0;
	int is_bad = 0;

	if (!dir)
		return -1;
	*list = NULL;
	while (!is_bad && (errno = 0, entry = readdir(dir)))
		if (!filter || filter(entry)) {
			is_bad = append(list, n, entry);
			n += !is_bad;
		}
	is_bad |= errno;
	closedir(dir);
	if (is_bad) {
		while (n > 0)
			free((*list)[--n]);
		free(*list);
		return -1;
	}
	if (compare)
		qsort(*list, n, sizeof(**list), (int (*)(const void *, const void *))compare);
	return (int)n;
}
