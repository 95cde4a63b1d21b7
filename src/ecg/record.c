#include "ecg/record.h"

#include "base/arena.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Far above any electrocardiograph (1 to 32 kHz, 3 to 256 leads), far below what overflows. */
#define MAX_LEADS 4096
#define MAX_RATE 1e6

static xp_status check_shape(double rate, int n_leads, int64_t n, xp_error *err) {
    if (!(rate > 0 && rate <= MAX_RATE))
        return xp_fail(err, XP_ERR_FORMAT,
                       "sampling rate %g Hz: expected more than 0 and at most %g Hz", rate,
                       MAX_RATE);
    if (n_leads < 1 || n_leads > MAX_LEADS)
        return xp_fail(err, XP_ERR_LIMIT, "%d leads: expected 1 to %d", n_leads, MAX_LEADS);
    size_t each;
    if (n < 0 || (uint64_t)n > SIZE_MAX || !xp_mul_size((size_t)n, sizeof(float), &each) ||
        each > SIZE_MAX / 2 / (size_t)n_leads)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%lld samples in each of %d leads are more than this program can address",
                       (long long)n, n_leads);
    return XP_OK;
}

static bool alloc_lead(xp_lead *lead, int64_t n) {
    lead->id = XP_LEAD_NONE;
    lead->calibrated = true;
    lead->n_missing = n;
    lead->mv = malloc((n ? (size_t)n : 1) * sizeof *lead->mv);
    if (!lead->mv) return false;
    for (int64_t i = 0; i < n; i++) lead->mv[i] = NAN;
    return true;
}

xp_status xp_record_alloc(xp_record *rec, const char *name, double rate, int n_leads, int64_t n,
                          xp_error *err) {
    XP_TRY(check_shape(rate, n_leads, n, err));
    xp_record r = {.rate = rate, .n = n, .n_leads = n_leads, .facts = xp_facts_unknown()};
    snprintf(r.name, sizeof r.name, "%s", name ? name : "");
    r.leads = calloc((size_t)n_leads, sizeof *r.leads);
    bool ok = r.leads != NULL;
    for (int i = 0; ok && i < n_leads; i++) ok = alloc_lead(&r.leads[i], n);
    if (!ok) {
        xp_record_free(&r);
        return xp_fail(err, XP_ERR_MEMORY,
                       "no memory for %d leads of %lld samples: close other programs or cut the "
                       "recording",
                       n_leads, (long long)n);
    }
    *rec = r;
    return XP_OK;
}

xp_status xp_record_check_sums(const xp_record *rec, bool accepted, xp_error *err) {
    if (!rec->checksums_failed || accepted) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "not one of the checksums in the header is that of its samples: the header or "
                   "the signal file is damaged, or they are not of one recording; copy both again, "
                   "or confirm that it is to be analysed as it is");
}

void xp_record_free(xp_record *rec) {
    if (rec->leads)
        for (int i = 0; i < rec->n_leads; i++) free(rec->leads[i].mv);
    free(rec->leads);
    xp_facts_free(&rec->facts);
    xp_notices_free(&rec->notices);
    *rec = (xp_record){0};
}
