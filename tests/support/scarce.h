/* Memory that runs out on purpose. A program made by xp_scarce_test() (tests/CMakeLists.txt) has
 * the linker send every malloc, calloc, realloc, aligned_alloc, strdup, strndup and pthread_create
 * of our own libraries here, and cJSON is told to ask here too.
 *
 * A case does some work from start to end and frees all of it again. It is run once untouched, then
 * once for every allocation it makes, with that one refused, and again with that one and all later
 * ones refused. */
#ifndef XP_TEST_SCARCE_H
#define XP_TEST_SCARCE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* What work gave, as a number: any order of scarce_add calls that is always the same. */
typedef struct scarce_result {
    uint64_t hash;
} scarce_result;
void scarce_add(scarce_result *r, const void *bytes, size_t n);

typedef xp_status (*scarce_work)(void *ctx, scarce_result *r, xp_error *err);

/* Fails the test unless, whichever allocation is refused, work ends with XP_ERR_MEMORY and a text,
 * or with XP_OK and the result of the untouched run (a cache or a notice was done without). Where
 * it was cJSON that was refused, any error will do: cJSON does not say why it read nothing. Under
 * LeakSanitizer nothing may be lost. */
void scarce_check(const char *name, scarce_work work, void *ctx);

#endif
