/* The manual page, made from the tables that the program's help is made from. */
#ifndef XP_TOOLS_MAN_H
#define XP_TOOLS_MAN_H

#include "command.h"

/* xplaim.1 (man(7)) of n commands. */
void man_print(FILE *f, const command *const *commands, int n);

#endif
