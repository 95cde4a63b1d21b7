/* Things a reader must know but that do not stop the work: a checksum that does not match, a
 * lead that was derived, samples that were missing, a recording shorter than the model's window.
 * They travel with the result, as a sentence's name and its arguments, to the screen, the text
 * output and every export, where xp_notice_text makes the sentence. */
#ifndef XP_BASE_NOTICE_H
#define XP_BASE_NOTICE_H

#include "base/notice_sentences.h"
#include "base/status.h"

#include <stdbool.h>

/* Stable lower-case names are used in JSON. */
#define XP_NOTICE_LIST(X)                                                                          \
    X(XP_NOTE_HEADER, "header")             /* the header departs from the specification */        \
    X(XP_NOTE_RATE_ASSUMED, "rate_assumed") /* no sampling rate in the header */                   \
    X(XP_NOTE_UNCALIBRATED, "uncalibrated") /* no gain or units: 200 adu/mV assumed */             \
    X(XP_NOTE_CHECKSUM, "checksum")         /* checksum or initial value does not match */         \
    X(XP_NOTE_TRUNCATED, "truncated")       /* fewer samples than the header says */               \
    X(XP_NOTE_GAP, "gap")                   /* missing samples */                                  \
    X(XP_NOTE_MARKED, "marked")             /* samples read although marked as missing */          \
    X(XP_NOTE_AMPLITUDE, "amplitude")       /* implausibly large or small signal */                \
    X(XP_NOTE_DERIVED, "derived")           /* a lead computed from others */                      \
    X(XP_NOTE_IGNORED, "ignored")           /* a signal that is not an ECG lead, or not used */    \
    X(XP_NOTE_RESAMPLED, "resampled")       /* sampling rate changed */                            \
    X(XP_NOTE_ROUNDED, "rounded")   /* values that a file format cannot hold as they are */        \
    X(XP_NOTE_SHORT, "short")       /* shorter than the model's window: padded */                  \
    X(XP_NOTE_WINDOWS, "windows")   /* longer than the model's window: cut in windows */           \
    X(XP_NOTE_FILTERED, "filtered") /* a filter was asked for and applied */                       \
    X(XP_NOTE_DRAWN, "drawn")       /* read from a drawing: how exactly */                         \
    X(XP_NOTE_QUALITY, "quality")   /* a lead that is not to be believed */                        \
    X(XP_NOTE_MODEL, "model")       /* something about the model, e.g. untrained */

typedef enum xp_notice_code {
#define X(code, name) code,
    XP_NOTICE_LIST(X)
#undef X
} xp_notice_code;

typedef enum xp_sentence {
#define X(id, code, one, several) id,
    XP_SENTENCE_LIST(X)
#undef X
} xp_sentence;

/* What a sentence names in braces. */
typedef struct xp_notice_arg {
    char name[16];
    bool is_text;
    double number;
    char text[160];
} xp_notice_arg;

/* The same as it is handed in: text is copied. */
typedef struct xp_arg {
    const char *name, *text; /* text: NULL for a number */
    double number;
} xp_arg;

enum { XP_NOTICE_ARGS = 5, XP_NOTICE_TEXT = 720 };

typedef struct xp_notice {
    xp_sentence sentence;
    xp_notice_code code; /* the sentence's */
    char lead[16];       /* lead name, or "" */
    int n_args;
    xp_notice_arg args[XP_NOTICE_ARGS];
} xp_notice;

typedef struct xp_notices {
    xp_notice *items; /* owned */
    int n, cap;
} xp_notices;

const char *xp_notice_name(xp_notice_code code);

/* Append; lead may be NULL; list may be NULL (then nothing is kept). args: XP_ARGS or XP_NO_ARGS.
 * XP_ERR_MEMORY is possible and safe to ignore: the notice is then lost, nothing else. */
xp_status xp_notice_add(xp_notices *list, xp_sentence sentence, const char *lead, int n,
                        const xp_arg *args);
static inline xp_arg xp_arg_number(const char *name, double v) {
    return (xp_arg){name, NULL, v};
}
static inline xp_arg xp_arg_text(const char *name, const char *text) {
    return (xp_arg){name, text, 0};
}
#define XP_ARGS(...)                                                                               \
    (int)(sizeof((xp_arg[]){__VA_ARGS__}) / sizeof(xp_arg)), (xp_arg[]) {                          \
        __VA_ARGS__                                                                                \
    }
#define XP_NO_ARGS 0, NULL

/* Append a copy that is about `lead`. */
xp_status xp_notice_copy(xp_notices *dst, const xp_notice *notice, const char *lead);

/* Append every item of src to dst. */
xp_status xp_notices_append(xp_notices *dst, const xp_notices *src);
void xp_notices_free(xp_notices *list);

/* Notices that say the same of several leads are reported as one. True where notice i says what
 * none before it does. */
bool xp_notice_is_new(const xp_notices *list, int i);

/* The next notice after `at` that says what notice i does (at >= i, itself new) of a lead that none
 * before names; -1: there is none. */
int xp_notice_next(const xp_notices *list, int i, int at);

/* Whether the sentence about all their leads has this argument of notice i. */
bool xp_notice_shares(const xp_notices *list, int i, const xp_notice_arg *arg);

/* The sentence of notice i about all leads that it says the same of. Returns text. */
const char *xp_notice_text(const xp_notices *list, int i, char text[XP_NOTICE_TEXT]);

#endif
