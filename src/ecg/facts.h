/* What the files of a recording say of it beside its samples: of the person, the device, and what
 * the device itself measured. None of it enters the analysis. */
#ifndef XP_ECG_FACTS_H
#define XP_ECG_FACTS_H

#include "base/status.h"

#include <stdbool.h>

/* A value or a sentence that the file states of the recording: shown as "stated in the file", apart
 * from what is found here. */
typedef struct xp_statement {
    char name[48];  /* a measured value's name as `xplaim measure` has it ("pr_interval"), or
                       "statement" (an interpretation), "comment", "annotation" */
    double value;   /* NaN: it is a text */
    char unit[16];  /* "ms", "deg", "/min", or "" */
    char text[240]; /* as the file has it, or "" for a value */
} xp_statement;

typedef struct xp_facts {
    double age;                        /* years; NaN unknown */
    char sex;                          /* 'F', 'M' or 0 */
    char dx[512];                      /* a WFDB header's diagnosis comment as it stands, or "" */
    char start[40];                    /* ISO 8601 without a zone ("2020-05-18T15:48:11"), or "" */
    char device[96];                   /* maker and model, or "" */
    char filter[96];                   /* the filter settings in words, or "" */
    double high_pass, low_pass, notch; /* Hz, of a filter that the samples went through; NaN */
    double paper_speed, paper_gain;    /* mm/s and mm/mV that the file asks for; NaN */
    xp_statement *statements;          /* owned */
    int n_statements;
    /* Who it is. Never drawn, printed or exported unless that is asked for by name. */
    char patient_name[96], patient_id[64], birth_date[16];
} xp_facts;

/* Nothing known. */
xp_facts xp_facts_unknown(void);
void xp_facts_free(xp_facts *f);

/* Add a statement; text may be NULL. False when there is no memory. What is the 200th or later is
 * passed over: no file needs it, and a hostile one has millions. */
bool xp_facts_state(xp_facts *f, const char *name, double value, const char *unit,
                    const char *text);

/* to must hold no statements. False when there is no memory. */
bool xp_facts_copy(xp_facts *to, const xp_facts *from);

#endif
