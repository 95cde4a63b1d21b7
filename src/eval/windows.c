#include "eval/windows.h"

#include "nn/meaning.h"

#include <stdlib.h>

xp_status xp_windows_together(double *p, xp_reader *reader, const xp_input_spec *spec,
                              size_t record, int windows, const xp_window_model *model,
                              xp_error *err) {
    double other[XP_DATASET_MAX_LABELS], odds[XP_DATASET_MAX_LABELS];
    float *x = malloc((size_t)spec->length * (size_t)spec->n_leads * sizeof *x);
    xp_status s = x ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for a record");
    for (int l = 0; l < model->labels; l++) odds[l] = xp_odds(p[l]);
    for (int w = 1; s == XP_OK && w < windows; w++) {
        xp_record_window about;
        s = xp_reader_get(reader, record, w, x, &about, err);
        if (s == XP_OK) s = model->predict(model->ctx, x, &about, other, err);
        for (int l = 0; s == XP_OK && l < model->labels; l++) odds[l] += xp_odds(other[l]);
    }
    for (int l = 0; s == XP_OK && l < model->labels; l++)
        p[l] = (double)(float)xp_probability_of_odds(odds[l] / windows);
    free(x);
    return s;
}
