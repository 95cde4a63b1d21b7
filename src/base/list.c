#include "base/list.h"

#include <stdio.h>
#include <string.h>

bool xp_list_next(const char **list, char *name, size_t size, bool *fits) {
    if (!*list) return false;
    const char *from = *list + strspn(*list, " ");
    size_t n = strcspn(from, ",");
    *list = from[n] ? from + n + 1 : NULL;
    while (n > 0 && from[n - 1] == ' ') n--;
    *fits = n > 0 && n < size;
    if (*fits) snprintf(name, size, "%.*s", (int)n, from);
    return true;
}
