/* Status codes and error messages.
 *
 * Every function that can fail returns an xp_status and, where its caller must tell a person what
 * went wrong, takes an xp_error that it fills on failure. Library code never prints and never
 * exits. A message says which file, line or field, what was expected and what to do about it. */
#ifndef XP_BASE_STATUS_H
#define XP_BASE_STATUS_H

#include <stddef.h>

/* One list makes the codes, their stable names (used in JSON) and their one-line meaning. */
#define XP_STATUS_LIST(X)                                                                          \
    X(XP_OK, "OK", "no error")                                                                     \
    X(XP_ERR_USAGE, "USAGE", "an argument or option is not valid")                                 \
    X(XP_ERR_MEMORY, "MEMORY", "not enough memory")                                                \
    X(XP_ERR_IO, "IO", "a file cannot be read or written")                                         \
    X(XP_ERR_NOT_FOUND, "NOT_FOUND", "a file or a name is missing")                                \
    X(XP_ERR_TRUNCATED, "TRUNCATED", "the data end before they should")                            \
    X(XP_ERR_FORMAT, "FORMAT", "the data are not in the format they claim")                        \
    X(XP_ERR_UNSUPPORTED, "UNSUPPORTED", "valid, but not supported")                               \
    X(XP_ERR_LIMIT, "LIMIT", "larger than this program accepts")                                   \
    X(XP_ERR_SHAPE, "SHAPE", "a tensor has not the expected shape")                                \
    X(XP_ERR_LEAD_UNKNOWN, "LEAD_UNKNOWN", "a lead is missing or its name is not known")           \
    X(XP_ERR_UNITS, "UNITS", "the units or the amplitude are not credible")                        \
    X(XP_ERR_INTERNAL, "INTERNAL", "a bug: please report it")                                      \
    X(XP_ERR_CANCELLED, "CANCELLED", "stopped because the caller asked for it")

typedef enum xp_status {
#define X(code, name, text) code,
    XP_STATUS_LIST(X)
#undef X
} xp_status;

typedef struct xp_error {
    xp_status code;
    char text[512]; /* one sentence or two, no newline, NUL-terminated */
} xp_error;

/* Stable upper-case name ("LEAD_UNKNOWN") of a code. Never NULL. */
const char *xp_status_name(xp_status s);

/* Fill err (may be NULL) with a formatted message and return code, so that a caller can write
 * `return xp_fail(err, XP_ERR_FORMAT, ...)`. */
xp_status xp_fail(xp_error *err, xp_status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "prefix: " in front of err's message (may be NULL) and return its code: used by a caller that
 * knows the file name or record that the callee did not. */
xp_status xp_fail_prefix(xp_error *err, xp_status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Return from the enclosing function when the expression is not XP_OK. */
#define XP_TRY(expr)                                                                               \
    do {                                                                                           \
        xp_status xp_try_ = (expr);                                                                \
        if (xp_try_ != XP_OK) return xp_try_;                                                      \
    } while (0)

#endif
