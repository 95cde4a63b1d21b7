/* Letters with marks, which Unicode writes in two ways: composed, as they are typed, and
 * decomposed, as macOS writes the names of files. */
#ifndef XP_BASE_COMPOSE_H
#define XP_BASE_COMPOSE_H

#include <stdbool.h>

/* Compose a text in UTF-8 where it stands, as Unicode's form NFC does with letters and the marks
 * behind them; it does not get longer. What is no UTF-8 stays as it is. */
void xp_compose(char *text);

/* Whether two names are the same but for that. */
bool xp_same_name(const char *a, const char *b);

#endif
