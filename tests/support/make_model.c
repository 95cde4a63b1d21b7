/* make_model FILE: writes an untrained full-size ECG-XPLAIM (seed 1, float16), the same bytes every
 * time. The page ships it until there are trained weights, and tests and benches run on it. */
#include "base/rng.h"
#include "nn/model.h"
#include "nn/model_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[][2] = {
    {"afib", "Atrial fibrillation"},
    {"aflu", "Atrial flutter"},
    {"afifl", "Atrial fibrillation or flutter"},
    {"rbbb", "Right bundle branch block"},
    {"lbbb", "Left bundle branch block"},
    {"lafb", "Left anterior fascicular block"},
    {"lpfb", "Left posterior fascicular block"},
    {"pvc", "Premature ventricular complex"},
    {"pac", "Premature atrial complex"},
    {"ami", "Anterior infarction"},
    {"imi", "Inferior infarction"},
    {"smi", "Septal infarction"},
    {"lmi", "Lateral infarction"},
    {"avb1", "First-degree AV block"},
    {"avb2i", "Second-degree AV block, Mobitz I"},
    {"avb2ii", "Second-degree AV block, Mobitz II"},
    {"avb2", "Second-degree AV block"},
    {"avb3", "Third-degree AV block"},
    {"bradsr", "Sinus bradycardia"},
    {"svt", "Supraventricular tachycardia"},
    {"vt", "Ventricular tachycardia"},
    {"tachsr", "Sinus tachycardia"},
    {"lqt", "Long QT"},
    {"wpw", "Wolff-Parkinson-White pattern"},
    {"pace", "Paced rhythm"},
};
enum { N_LABELS = sizeof names / sizeof *names };

/* Fresh batch norms shift nothing, so that where a recording is padded with zeros every activation
 * is exactly 0, and whether a ReLU lets a gradient through there is left to rounding. No trained
 * network is like that: shift them a little. */
static void shift_batch_norms(xp_model *m) {
    xp_rng rng = xp_rng_seed(2);
    for (int i = 0; i < m->graph.n_params; i++) {
        const xp_param *p = &m->graph.params[i];
        if (!strstr(p->name, ".beta") && !strstr(p->name, ".moving_mean")) continue;
        for (size_t k = 0; k < p->count; k++)
            m->weights[p->offset + k] = (float)(0.05 * xp_rng_normal(&rng));
    }
}

static xp_status build(xp_model *m, xp_error *err) {
    const char *labels[N_LABELS];
    for (int i = 0; i < N_LABELS; i++) labels[i] = names[i][0];
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = 5000,
                          .n_leads = 12,
                          .rate = 500,
                          .n_labels = N_LABELS,
                          .labels = labels};
    XP_TRY(xp_model_build(m, &cfg, 1, err));
    shift_batch_norms(m);
    m->trained = false;
    snprintf(m->name, sizeof m->name, "ECG-XPLAIM, untrained");
    for (int i = 0; i < N_LABELS; i++)
        snprintf(m->labels[i].long_name, sizeof m->labels[i].long_name, "%s", names[i][1]);
    return XP_OK;
}

int main(int argc, char **argv) {
    xp_error err;
    xp_model m;
    uint8_t *bytes;
    size_t size;
    if (argc != 2) {
        fprintf(stderr, "usage: make_model FILE.safetensors\n");
        return 2;
    }
    if (build(&m, &err) != XP_OK || xp_model_write(&m, true, &bytes, &size, &err) != XP_OK) {
        fprintf(stderr, "make_model: %s\n", err.text);
        return 1;
    }
    FILE *f = fopen(argv[1], "wb");
    bool ok = f && fwrite(bytes, 1, size, f) == size;
    if (f && fclose(f)) ok = false;
    if (!ok) fprintf(stderr, "make_model: %s cannot be written\n", argv[1]);
    free(bytes);
    xp_model_free(&m);
    return ok ? 0 : 1;
}
