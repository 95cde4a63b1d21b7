/* The parts of the label tables: inside xp_data only.
 *
 *   labels.c: tables, PTB-XL's codes, SNOMED CT
 *   labels_statements.c: what a machine's statements say (MIMIC-IV-ECG) */
#ifndef XP_DATA_LABELS_INTERNAL_H
#define XP_DATA_LABELS_INTERNAL_H

#include "data/labels.h"

#define LABELS_ALL ((1u << XP_LABEL_COUNT) - 1)

/* What a rule is for. */
enum {
    RULE_DEFAULT = 1,
    RULE_COMPAT = 2,
    RULE_IGNORE = 4,
    RULE_HEDGE = 8,
    RULE_HEDGE_AFTER = 16,
    RULE_NEGATION = 32,
    RULE_NEGATION_AFTER = 64,
    RULE_NOT_JUDGED = 128,
    RULE_LEADS_NOT_JUDGED = 256,
    RULE_LEAD = 512,
    RULE_HEDGE_END = 1024,
    RULE_EITHER = 2048
};

typedef struct label_rule {
    int use;
    uint32_t labels; /* one bit; the row's whole set in a table of annotated labels */
    char *text;      /* code, phrase without its '*', or prefix */
    char *other;     /* SNOMED: the abbreviation */
    bool open_left, open_right;
    double certain_from; /* likelihood */
    int value;           /* 1, or -1 for a code that does not decide */
} label_rule;

struct xp_label_table {
    xp_label_source source;
    label_rule *rules;
    int n, cap;
    uint32_t covered; /* labels that have a rule */
};

/* yes wins over uncertain; then what the caller wants uncertain statements to be. */
xp_label_state labels_settle(uint32_t yes, uint32_t uncertain, uint32_t unknown,
                             xp_label_options o);

#endif
