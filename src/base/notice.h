/* Things a reader must be told but that do not stop the work: a checksum that does not match, a
 * lead that was derived, samples that were missing, a recording shorter than the model's window.
 * They travel with the result to the screen, the text output and every export. */
#ifndef XP_BASE_NOTICE_H
#define XP_BASE_NOTICE_H

#include "base/status.h"

/* Stable lower-case names are used in JSON. */
#define XP_NOTICE_LIST(X)                                                                          \
    X(XP_NOTE_HEADER, "header")             /* the header departs from the specification */        \
    X(XP_NOTE_RATE_ASSUMED, "rate_assumed") /* no sampling rate in the header */                   \
    X(XP_NOTE_UNCALIBRATED, "uncalibrated") /* no gain or units: 200 adu/mV assumed */             \
    X(XP_NOTE_CHECKSUM, "checksum")         /* checksum or initial value does not match */         \
    X(XP_NOTE_TRUNCATED, "truncated")       /* fewer samples than the header says */               \
    X(XP_NOTE_GAP, "gap")                   /* missing samples */                                  \
    X(XP_NOTE_AMPLITUDE, "amplitude")       /* implausibly large or small signal */                \
    X(XP_NOTE_DERIVED, "derived")           /* a lead computed from others */                      \
    X(XP_NOTE_IGNORED, "ignored")           /* a signal that is not an ECG lead, or not used */    \
    X(XP_NOTE_RESAMPLED, "resampled")       /* sampling rate changed */                            \
    X(XP_NOTE_SHORT, "short")               /* shorter than the model's window: padded */          \
    X(XP_NOTE_WINDOWS, "windows")           /* longer than the model's window: cut in windows */   \
    X(XP_NOTE_FILTERED, "filtered")         /* a filter was asked for and applied */               \
    X(XP_NOTE_MODEL, "model")               /* something about the model, e.g. untrained */

typedef enum xp_notice_code {
#define X(code, name) code,
    XP_NOTICE_LIST(X)
#undef X
} xp_notice_code;

typedef struct xp_notice {
    xp_notice_code code;
    char lead[16];  /* lead name, or "" */
    char text[240]; /* one sentence for a person */
} xp_notice;

typedef struct xp_notices {
    xp_notice *items; /* owned */
    int n, cap;
} xp_notices;

const char *xp_notice_name(xp_notice_code code);

/* Append; lead may be NULL; list may be NULL (then nothing is kept). XP_ERR_MEMORY is possible and
 * safe to ignore: the notice is then lost, nothing else. */
xp_status xp_notice_add(xp_notices *list, xp_notice_code code, const char *lead, const char *fmt,
                        ...) __attribute__((format(printf, 4, 5)));

/* Append every item of src to dst. */
xp_status xp_notices_append(xp_notices *dst, const xp_notices *src);
void xp_notices_free(xp_notices *list);

#endif
