/* Any bytes as a recording: what is wrong with it, its beats and their measurements, swaps. The
 * first bytes choose the rate, the leads and how the others become samples. */
#include "measure/reversal.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4, MOST = 40000 };

/* Sample i, as a whole float (NaN, infinite, tiny and huge ones among them), as 8 bits on a scale
 * from very small to very large, or the first values again and again. */
static float sample(const uint8_t *data, size_t size, size_t i, int how) {
    static const float scales[] = {1e-30f, 1e-6f, 0.01f, 0.05f, 1, 1e6f, 1e30f, 0};
    float v = 0;
    if (size == 0) return 0;
    if (how < 8) return scales[how] * ((float)data[i % size] - 128);
    for (size_t k = 0; k < sizeof v; k++)
        memcpy((uint8_t *)&v + k, data + (i * sizeof v + k) % size, 1);
    return v;
}

static void measure(const xp_record *rec) {
    xp_quality q;
    xp_measures m;
    if (xp_quality_assess(&q, rec, NULL) != XP_OK) return;
    if (xp_measure(&m, rec, &q, NULL) == XP_OK) {
        xp_reversal_find(&q, &m.median, rec, NULL);
        xp_measures_free(&m);
    }
    xp_quality_free(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const double rates[] = {50, 100, 125, 250, 257, 360, 500, 1000, 4000, 1, 1e-3, 1e6};
    if (size < HEAD) return 0;
    const int n_leads = 1 + data[1] % 12, how = data[2] % 10;
    const size_t repeats = 1 + data[3], bytes = size - HEAD;
    size_t n = bytes * repeats / (size_t)n_leads;
    if (n > MOST / (size_t)n_leads) n = MOST / (size_t)n_leads;
    xp_record rec;
    if (xp_record_alloc(&rec, "fuzz", rates[data[0] % 12], n_leads, (int64_t)n, NULL) != XP_OK)
        return 0;
    for (int l = 0; l < n_leads; l++) {
        rec.leads[l].id = (xp_lead_id)l;
        strcpy(rec.leads[l].name, xp_lead_name((xp_lead_id)l));
        for (size_t i = 0; i < n; i++)
            rec.leads[l].mv[i] = sample(data + HEAD, bytes, (size_t)l * n + i, how);
    }
    measure(&rec);
    xp_record_free(&rec);
    return 0;
}
