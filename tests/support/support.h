/* What every unit test needs: cmocka, files, .npy values, and a way to be skipped aloud. */
#ifndef XP_TEST_SUPPORT_H
#define XP_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

/* Path below the shared folder (reference values, fixtures) or below tests/data; the result is
 * overwritten by the eighth later call. XP_SHARED in the environment overrides the built-in path.
 */
const char *shared_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *data_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* True when the file or folder is there. `if (!exists(p)) skip();` is the idiom: skipped tests are
 * counted in the closing line. */
int exists(const char *path);

/* Whole file; fails the test when it cannot be read. Free data with free(). */
xp_bytes read_file(const char *path);

/* Little-endian .npy of float32, float64 or integers as doubles; fails the test on anything else.
 */
typedef struct npy {
    double *v; /* free() */
    int ndim;
    size_t shape[4], count;
} npy;
npy read_npy(const char *path);

/* Fails the test, naming what and the worst index, unless |a - b| <= tolerance everywhere. */
void assert_close(const char *what, const float *a, const double *b, size_t n, double tolerance);

#endif
