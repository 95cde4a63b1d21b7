/* ONNX models: the file as it is. What is imported must go out and come in again as it was. */
#include "convert/onnx.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Leads of another program's file have no names, and one without names cannot be written. */
static void name_leads(xp_model *m) {
    for (int i = 0; i < m->n_leads; i++)
        if (!m->leads[i][0]) memcpy(m->leads[i], "x", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_model m, back;
    xp_error e;
    uint8_t *bytes;
    size_t n;
    if (xp_onnx_import(&m, (xp_bytes){data, size}, &e) != XP_OK) return 0;
    name_leads(&m);
    if (xp_onnx_export(&m, NULL, &bytes, &n, &e) == XP_OK) {
        if (xp_onnx_import(&back, (xp_bytes){bytes, n}, &e) != XP_OK) abort();
        if (back.graph.n_ops != m.graph.n_ops || back.graph.n_weights != m.graph.n_weights ||
            memcmp(back.weights, m.weights, m.graph.n_weights * sizeof *m.weights))
            abort();
        xp_model_free(&back);
        free(bytes);
    }
    xp_model_free(&m);
    return 0;
}
