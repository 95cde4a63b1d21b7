/* A short recording, for the tests in which memory runs out. */
#ifndef XP_TEST_MEMORY_SAMPLES_H
#define XP_TEST_MEMORY_SAMPLES_H

#include "ecg/leads.h"
#include "ecg/record.h"
#include "support.h"

#include <math.h>
#include <stdio.h>

enum { RATE = 100, LEADS = 3 };

static const char *const LEAD_NAMES[LEADS] = {"I", "II", "V1"};

/* Leads I, II and V1, with a gap. */
static inline xp_record record_of(double rate, int64_t n) {
    xp_record rec;
    xp_error err;
    assert_int_equal(xp_record_alloc(&rec, "made", rate, LEADS, n, &err), XP_OK);
    for (int k = 0; k < LEADS; k++) {
        xp_lead *lead = &rec.leads[k];
        snprintf(lead->name, sizeof lead->name, "%s", LEAD_NAMES[k]);
        lead->id = xp_lead_parse(LEAD_NAMES[k]);
        for (int64_t t = 0; t < n; t++)
            lead->mv[t] = t / 40 == 2 ? NAN : (float)sin(0.07 * (double)t * (k + 1));
        lead->n_missing = 40;
    }
    return rec;
}

#endif
