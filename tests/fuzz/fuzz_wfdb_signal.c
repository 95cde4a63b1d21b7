/* A whole record: the header, the header of every segment and the bytes of every signal file, cut
 * at the first two NUL bytes; then read, made physical and made a record. */
#include "ecg/wfdb.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct parts {
    xp_bytes header, segment, signal;
} parts;

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    const parts *p = ctx;
    size_t n = strlen(name);
    if (n > 64) return xp_fail(err, XP_ERR_NOT_FOUND, "%.40s is missing", name);
    bool header = n > 4 && !strcmp(name + n - 4, ".hea");
    *out = !header ? p->signal : !strcmp(name, "r.hea") ? p->header : p->segment;
    return XP_OK;
}

static xp_bytes cut(xp_bytes *rest) {
    const uint8_t *nul = rest->size ? memchr(rest->data, 0, rest->size) : NULL;
    size_t n = nul ? (size_t)(nul - rest->data) : rest->size;
    xp_bytes part = {rest->data, n};
    size_t used = nul ? n + 1 : n;
    *rest = (xp_bytes){rest->data + used, rest->size - used};
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    xp_bytes rest = {data, size};
    parts p;
    p.header = cut(&rest);
    p.segment = cut(&rest);
    p.signal = rest;
    xp_file_source source = {.get = get, .ctx = &p};
    xp_stored w;
    xp_record r;
    xp_error e;
    if (xp_wfdb_read(&w, "r", &source, NULL, &e) != XP_OK) return 0;
    if (xp_stored_to_record(&r, &w, &e) == XP_OK) xp_record_free(&r);
    (void)xp_stored_physical(&w, &e);
    xp_stored_free(&w);
    return 0;
}
