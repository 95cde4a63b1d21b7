/* Command-line options from a table: --name VALUE, --name=VALUE, -n VALUE, -nVALUE; "--" ends them;
 * they may stand before or after the arguments. */
#ifndef XP_TOOLS_OPTIONS_H
#define XP_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum option_kind {
    OPTION_FLAG,   /* bool: no value */
    OPTION_TEXT,   /* const char *: points into argv */
    OPTION_COUNT,  /* int >= 0 */
    OPTION_NUMBER, /* double > 0 */
    OPTION_BYTES,  /* uint64_t > 0: a number with K, M, G or T (times 1024) behind it, or none */
    OPTION_RANGE,  /* double[2]: LOW,HIGH with 0 < LOW < HIGH */
    OPTION_TEXTS,  /* text_list: may be given several times */
    OPTION_WORDS   /* text_list: every word up to the next option */
} option_kind;

enum { OPTION_LIST_MAX = 520 };

/* Point into argv. */
typedef struct text_list {
    const char *items[OPTION_LIST_MAX];
    int n;
} text_list;

typedef struct option_spec {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* 0: none */
    option_kind kind;
    const char *value; /* how help names the value */
    const char *help;
    size_t offset; /* of the field in the command's own struct of options */
} option_spec;

/* Options that several commands have; `type` is the command's struct. */
#define OPTION_MODEL(type)                                                                         \
    {                                                                                              \
        "model", 'm', OPTION_TEXT, "MODEL",                                                        \
            "model file (.safetensors; `xplaim import` makes one from a .keras file)",             \
            offsetof(type, model)                                                                  \
    }
#define OPTION_POINT(type)                                                                         \
    {                                                                                              \
        "operating-point", 0, OPTION_TEXT, "POINT",                                                \
            "thresholds of the model to use: balanced (default) or high-specificity",              \
            offsetof(type, point)                                                                  \
    }
#define OPTION_OUTPUT(type, name, what)                                                            \
    { "output", 'o', OPTION_TEXT, name, what, offsetof(type, output) }
#define OPTION_JSON(type)                                                                          \
    {                                                                                              \
        "json", 0, OPTION_FLAG, NULL, "one JSON object a line on standard output",                 \
            offsetof(type, json)                                                                   \
    }
#define OPTION_THREADS(type, by_default)                                                           \
    {                                                                                              \
        "threads", 0, OPTION_COUNT, "N",                                                           \
            "number of threads; 0: as many as there are processors (default " by_default ")",      \
            offsetof(type, threads)                                                                \
    }
/* For structs with a member `prepare` of type xp_prepare_options. */
#define OPTION_MISSING_LEADS(type)                                                                 \
    {                                                                                              \
        "accept-missing-leads", 0, OPTION_FLAG, NULL,                                              \
            "take leads that a record does not have, and that cannot be derived, as 0 mV",         \
            offsetof(type, prepare.accept_missing_leads)                                           \
    }
#define OPTIONS_PREPARE(type)                                                                      \
    {"bandpass",                                                                                   \
     0,                                                                                            \
     OPTION_RANGE,                                                                                 \
     "LOW,HIGH",                                                                                   \
     "zero-phase 4th-order Butterworth band-pass, Hz",                                             \
     offsetof(type, prepare.bandpass_low)},                                                        \
        {"notch",                                                                                  \
         0,                                                                                        \
         OPTION_NUMBER,                                                                            \
         "HZ",                                                                                     \
         "zero-phase notch of quality 30 at this frequency",                                       \
         offsetof(type, prepare.notch)},                                                           \
        {"accept-amplitude",                                                                       \
         0,                                                                                        \
         OPTION_FLAG,                                                                              \
         NULL,                                                                                     \
         "analyse a record although its amplitude is not credible",                                \
         offsetof(type, prepare.accept_amplitude)},                                                \
        {"accept-checksums",                                                                       \
         0,                                                                                        \
         OPTION_FLAG,                                                                              \
         NULL,                                                                                     \
         "analyse a record although not one of its checksums is that of its samples",              \
         offsetof(type, prepare.accept_checksums)},                                                \
        OPTION_MISSING_LEADS(type)

typedef struct arguments {
    char **items; /* point into argv */
    int n;
} arguments;

typedef enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD } options_result;

/* Fill opt by the table; what is no option is gathered, in order, at the front of argv. On
 * OPTIONS_BAD, message (size bytes) says what is wrong. */
options_result options_parse(const option_spec *table, void *opt, int argc, char **argv,
                             arguments *args, char *message, size_t size);

/* The table as help text: two columns. */
void options_print(FILE *f, const option_spec *table);

#endif
