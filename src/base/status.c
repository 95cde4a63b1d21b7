#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
#define X(code, name, text) name,
    XP_STATUS_LIST(X)
#undef X
};

const char *xp_status_name(xp_status s) {
    return (size_t)s < sizeof names / sizeof *names ? names[s] : "UNKNOWN";
}

xp_status xp_fail(xp_error *err, xp_status code, const char *fmt, ...) {
    if (!err) return code;
    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return code;
}

xp_status xp_fail_prefix(xp_error *err, xp_status code, const char *fmt, ...) {
    if (!err) return code;
    char prefix[200], old[sizeof err->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    memcpy(old, err->text, sizeof old);
    err->code = code;
    /* A long old message is cut at the end, never the prefix. */
    int n = snprintf(err->text, sizeof err->text, "%s: ", prefix);
    size_t room = sizeof err->text - (size_t)n - 1;
    strncat(err->text, old, room);
    return code;
}
