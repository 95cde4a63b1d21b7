#include "ecg/sinpi.h"
#include "measure/measure_internal.h"

#include <string.h>

/* Two limb leads hold all that six do; each chest lead is its own. Leads with other names (MLII)
 * count where there is room. */
void measure_choose_detectors(measure_window *w, const xp_record *rec) {
    measure_detectors *d = &w->detectors;
    int limb = 0;
    *d = (measure_detectors){0};
    for (int i = 0; i < rec->n_leads && d->n < MEASURE_DETECTORS; i++) {
        const xp_lead_id id = rec->leads[i].id;
        if (!w->usable[i]) continue;
        if (id >= XP_LEAD_I && id <= XP_LEAD_AVF && limb++ >= 2) continue;
        d->weight[d->n] = 1;
        d->lead[d->n++] = i;
    }
}

/* Windowed sinc: phase p lies p/upsampling after a sample. */
void measure_design_taps(measure_window *w) {
    for (int p = 0; p < w->upsampling; p++) {
        double sum = 0, taps[MEASURE_TAPS];
        for (int k = 0; k < MEASURE_TAPS; k++) {
            const double t = k - (MEASURE_TAPS / 2 - 1) - (double)p / w->upsampling;
            const double shape = xp_cos_pi(t / MEASURE_TAPS);
            taps[k] = (fabs(t) < 1e-9 ? 1 : xp_sin_pi(t) / (XP_PI * t)) * shape * shape;
            sum += taps[k];
        }
        for (int k = 0; k < MEASURE_TAPS; k++) w->taps[p][k] = (float)(taps[k] / sum);
    }
}

/* Copy with gaps held at the last value before them, or the first after them. */
static void load_held(float *out, const float *mv, int n) {
    float last = 0;
    for (int i = 0; i < n; i++)
        if (mv[i] == mv[i]) {
            last = mv[i];
            break;
        }
    for (int i = 0; i < n; i++) out[i] = last = mv[i] == mv[i] ? mv[i] : last;
}

static void interpolate(const measure_window *w, const float *in, int n, float *out) {
    for (int i = 0; i < n; i++)
        for (int p = 0; p < w->upsampling; p++) {
            double sum = 0;
            for (int k = 0; k < MEASURE_TAPS; k++) {
                int at = i + k - (MEASURE_TAPS / 2 - 1);
                at = at < 0 ? 0 : at >= n ? n - 1 : at;
                sum += (double)w->taps[p][k] * (double)in[at];
            }
            out[i * w->upsampling + p] = (float)sum;
        }
}

void measure_load(measure_window *w, const float *const *mv, int n) {
    w->n = n * w->upsampling;
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l]) continue;
        if (w->upsampling == 1) {
            load_held(measure_lead(w, l), mv[l], n);
        } else {
            load_held(w->scratch, mv[l], n);
            interpolate(w, w->scratch, n, measure_lead(w, l));
        }
    }
}

void measure_velocity(const float *x, int n, int k, double rate, float *out) {
    const float scale = (float)(rate / (1000.0 * k * (k + 1)));
    double ahead = 0, behind = 0;
    memset(out, 0, (size_t)n * sizeof *out);
    if (n < 2 * k + 1) return;
    for (int j = 0; j < k; j++) {
        behind += (double)x[j];
        ahead += (double)x[k + 1 + j];
    }
    for (int i = k;; i++) {
        out[i] = (float)(ahead - behind) * scale;
        if (i + k + 1 >= n) break;
        behind += (double)x[i] - (double)x[i - k];
        ahead += (double)x[i + k + 1] - (double)x[i + 1];
    }
}

void measure_smooth(const float *x, int n, int half, float *out) {
    double sum = 0;
    int from = 0, to = 0; /* sum holds [from, to) */
    for (int i = 0; i < n; i++) {
        const int a = i - half < 0 ? 0 : i - half, b = i + half + 1 > n ? n : i + half + 1;
        while (to < b) sum += (double)x[to++];
        while (from < a) sum -= (double)x[from++];
        out[i] = (float)(sum / (to - from));
    }
}

float measure_quantile(float *v, int n, double q) {
    const int want = (int)(q * (n - 1) + 0.5);
    for (int low = 0, high = n - 1; low < high;) {
        const float pivot = v[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            const float t = v[i];
            v[i++] = v[j];
            v[j--] = t;
        }
        if (want <= j)
            high = j;
        else if (want >= i)
            low = i;
        else
            break;
    }
    return v[want];
}
