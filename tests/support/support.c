#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *format_path(const char *root, const char *fmt, va_list ap) {
    static char ring[8][1024];
    static int next;
    char *p = ring[next++ & 7];
    int n = snprintf(p, 1024, "%s/", root);
    vsnprintf(p + n, 1024 - (size_t)n, fmt, ap);
    return p;
}

const char *shared_path(const char *fmt, ...) {
    const char *root = getenv("XP_SHARED");
    va_list ap;
    va_start(ap, fmt);
    const char *p = format_path(root ? root : XP_SHARED_DIR, fmt, ap);
    va_end(ap);
    return p;
}

const char *data_path(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    const char *p = format_path(XP_TEST_DATA_DIR, fmt, ap);
    va_end(ap);
    return p;
}

int exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

xp_bytes read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be opened", path);
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    uint8_t *data = malloc((size_t)n + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)n, f), (size_t)n);
    fclose(f);
    data[n] = 0;
    return (xp_bytes){data, (size_t)n};
}

static double element(const uint8_t *p, char kind, int size) {
    uint64_t u = xp_load_le(p, size);
    if (kind == 'f' && size == 4) {
        uint32_t w = (uint32_t)u;
        float f;
        memcpy(&f, &w, 4);
        return f;
    }
    if (kind == 'f') {
        double d;
        memcpy(&d, &u, 8);
        return d;
    }
    int shift = 64 - 8 * size;
    return kind == 'u' || kind == 'b' ? (double)u : (double)((int64_t)(u << shift) >> shift);
}

npy read_npy(const char *path) {
    xp_bytes b = read_file(path);
    assert_true(b.size > 10 && !memcmp(b.data, "\x93NUMPY\x01", 7));
    size_t hlen = xp_load_le(b.data + 8, 2), at = 10 + hlen;
    char *h = strndup((const char *)b.data + 10, hlen);
    const char *d = strstr(h, "'descr': '"), *s = strstr(h, "'shape': (");
    assert_true(d && s && strstr(h, "'fortran_order': False"));
    char kind = d[11];
    int size = atoi(d + 12);
    npy a = {.count = 1};
    for (const char *p = s + 10; *p != ')' && a.ndim < 4;) {
        char *end;
        size_t v = strtoul(p, &end, 10);
        if (end == p) break;
        a.shape[a.ndim++] = v;
        a.count *= v;
        p = end + strspn(end, ", ");
    }
    assert_true(b.size >= at + a.count * (size_t)size);
    a.v = malloc((a.count + 1) * sizeof *a.v);
    for (size_t i = 0; i < a.count; i++)
        a.v[i] = element(b.data + at + i * (size_t)size, kind, size);
    free(h);
    free((void *)b.data);
    return a;
}

void assert_close(const char *what, const float *a, const double *b, size_t n, double tolerance) {
    size_t worst = 0;
    double max = -1;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        if (d > max || d != d) max = d, worst = i;
        if (d != d) break;
    }
    if (!(max <= tolerance))
        fail_msg("%s: at %zu got %.9g, expected %.9g, difference %.3g > %.3g", what, worst,
                 (double)a[worst], b[worst], max, tolerance);
}
