/* Models to ONNX and back, for the tests of both ways. */
#ifndef XP_TEST_ONNX_SAMPLES_H
#define XP_TEST_ONNX_SAMPLES_H

#include "convert/onnx.h"
#include "nn/model_file.h"
#include "nn_samples.h"

static inline xp_bytes export_model(const xp_model *m) {
    uint8_t *bytes;
    size_t size;
    xp_error err;
    if (xp_onnx_export(m, "a notice", &bytes, &size, &err) != XP_OK) fail_msg("%s", err.text);
    return (xp_bytes){bytes, size};
}

static inline xp_model import_model(xp_bytes file) {
    xp_model m;
    xp_error err;
    if (xp_onnx_import(&m, file, &err) != XP_OK) fail_msg("%s", err.text);
    return m;
}

static inline void run_model(const xp_model *m, const float *x, float *p) {
    xp_net *net = sample_net(m, (xp_net_options){0});
    xp_net_forward(net, x);
    memcpy(p, xp_net_probabilities(net), (size_t)m->n_labels * sizeof *p);
    xp_net_free(net);
}

/* Model files hold everything; ours must come back byte by byte. */
static inline void assert_same_model(xp_model *a, xp_model *b) {
    uint8_t *bytes[2];
    size_t size[2];
    xp_error err;
    assert_int_equal(xp_model_write(a, false, &bytes[0], &size[0], &err), XP_OK);
    assert_int_equal(xp_model_write(b, false, &bytes[1], &size[1], &err), XP_OK);
    char *text[2];
    assert_int_equal(xp_graph_to_json(&a->graph, &text[0], &err), XP_OK);
    assert_int_equal(xp_graph_to_json(&b->graph, &text[1], &err), XP_OK);
    assert_string_equal(text[0], text[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    for (int i = 0; i < 2; i++) {
        free(bytes[i]);
        free(text[i]);
    }
}

static inline void assert_round_trip(xp_model *m) {
    xp_bytes file = export_model(m);
    assert_true(xp_onnx_is(file) && xp_onnx_is_ours(file));
    xp_model back = import_model(file);
    assert_same_model(m, &back);
    float *x = sample_record(m, 3), p[2][64];
    run_model(m, x, p[0]);
    run_model(&back, x, p[1]);
    assert_memory_equal(p[0], p[1], (size_t)m->n_labels * sizeof *x);
    free(x);
    xp_bytes again = export_model(&back);
    assert_int_equal(again.size, file.size);
    assert_memory_equal(again.data, file.data, file.size);
    xp_model_free(&back);
    free((void *)file.data);
    free((void *)again.data);
}

#endif
