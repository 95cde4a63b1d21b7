/* Lists in one text: "A,B,C". */
#ifndef XP_BASE_LIST_H
#define XP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The next name of *list (NULL: none) into name (size bytes), blanks around it cut; *list moves on.
 * False at the end of the list. *fits is false for a name that is empty or too long. */
bool xp_list_next(const char **list, char *name, size_t size, bool *fits);

#endif
