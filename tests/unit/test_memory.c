/* Memory runs out at every place where it can: what reads, computes and draws ends with
 * XP_ERR_MEMORY, gives back what it had taken, and never a half-made result. */
#include "nn/model_file.h"
#include "scarce.h"

#include "attribution.h"
#include "base/parallel.h"
#include "convert/keras.h"
#include "convert/npy.h"
#include "convert/onnx.h"
#include "ecg/listing.h"
#include "ecg/source_memory.h"
#include "ecg/wfdb.h"
#include "explain.h"
#include "lead_attribution.h"
#include "memory_samples.h"
#include "nn/ensemble.h"
#include "nn/safetensors.h"
#include "nn_samples.h"
#include "report.h"
#include "wasm_list.h"

enum { LENGTH = 200, LABELS = 2 };

static const char *const LABEL_NAMES[LABELS] = {"afib", "pvc"};

/* A small network whose input can be prepared from a record. */
static xp_status make_model(xp_model *m, const char *arch, xp_error *err) {
    const xp_arch_config cfg = {.arch = arch,
                                .length = LENGTH,
                                .n_leads = LEADS,
                                .rate = RATE,
                                .n_labels = LABELS,
                                .labels = LABEL_NAMES,
                                .leads = LEAD_NAMES,
                                .n_blocks = 1,
                                .filters = {4},
                                .n_kernels = 2,
                                .kernels = {3, 12},
                                .dropout = -1};
    return xp_model_build(m, &cfg, 5, err);
}

static xp_model model_of(const char *arch) {
    xp_model m;
    xp_error err;
    if (make_model(&m, arch, &err) != XP_OK) fail_msg("%s", err.text);
    return m;
}

static void add_model(scarce_result *r, const xp_model *m) {
    scarce_add(r, m->weights, m->graph.n_weights * sizeof *m->weights);
    scarce_add(r, m->labels, (size_t)m->n_labels * sizeof *m->labels);
    for (int i = 0; i < m->graph.n_ops; i++)
        scarce_add(r, m->graph.ops[i].name, strlen(m->graph.ops[i].name));
    for (int i = 0; i < m->n_meta; i++) scarce_add(r, m->meta[i].value, strlen(m->meta[i].value));
}

/* ==== models ================================================================================= */

static xp_status build(void *ctx, scarce_result *r, xp_error *err) {
    xp_model m;
    XP_TRY(make_model(&m, ctx, err));
    add_model(r, &m);
    xp_model_free(&m);
    return XP_OK;
}

static void models_are_built(void **state) {
    (void)state;
    scarce_check("ecg-xplaim", build, "ecg-xplaim");
    scarce_check("cnn", build, "cnn");
    scarce_check("gru", build, "gru");
}

static xp_status write_model(void *ctx, scarce_result *r, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(ctx, false, &bytes, &size, err));
    scarce_add(r, bytes, size);
    free(bytes);
    return XP_OK;
}

static xp_status read_model(void *ctx, scarce_result *r, xp_error *err) {
    xp_model m;
    XP_TRY(xp_model_read(&m, *(xp_bytes *)ctx, err));
    add_model(r, &m);
    xp_model_free(&m);
    return XP_OK;
}

static xp_status read_tensors(void *ctx, scarce_result *r, xp_error *err) {
    xp_safetensors st;
    XP_TRY(xp_safetensors_read(&st, *(xp_bytes *)ctx, err));
    for (int i = 0; i < st.n_tensors; i++)
        scarce_add(r, st.tensors[i].name, strlen(st.tensors[i].name));
    xp_safetensors_free(&st);
    return XP_OK;
}

static void model_files(void **state) {
    (void)state;
    xp_model m = model_of("ecg-xplaim");
    assert_int_equal(xp_model_set_meta(&m, "note", "a text"), XP_OK);
    scarce_check("model file written", write_model, &m);
    uint8_t *bytes;
    size_t size;
    xp_error err;
    assert_int_equal(xp_model_write(&m, false, &bytes, &size, &err), XP_OK);
    scarce_check("model file read", read_model, &(xp_bytes){bytes, size});
    scarce_check("tensors read", read_tensors, &(xp_bytes){bytes, size});
    free(bytes);
    xp_model_free(&m);
}

static xp_status join(void *ctx, scarce_result *r, xp_error *err) {
    const xp_model *const members[] = {ctx, ctx};
    xp_model m;
    XP_TRY(xp_ensemble(&m, members, 2, err));
    add_model(r, &m);
    xp_model_free(&m);
    return XP_OK;
}

static void ensembles(void **state) {
    (void)state;
    xp_model m = model_of("ecg-xplaim");
    scarce_check("ensemble", join, &m);
    xp_model_free(&m);
}

static xp_status import_keras(void *ctx, scarce_result *r, xp_error *err) {
    xp_model m;
    XP_TRY(xp_keras_import(&m, *(xp_bytes *)ctx, err));
    add_model(r, &m);
    xp_model_free(&m);
    return XP_OK;
}

static xp_status import_onnx(void *ctx, scarce_result *r, xp_error *err) {
    xp_model m;
    XP_TRY(xp_onnx_import(&m, *(xp_bytes *)ctx, err));
    add_model(r, &m);
    xp_model_free(&m);
    return XP_OK;
}

static xp_status export_onnx(void *ctx, scarce_result *r, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_onnx_export(ctx, "notice", &bytes, &size, err));
    scarce_add(r, bytes, size);
    free(bytes);
    return XP_OK;
}

static void other_programs_models(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const char *const seeds[] = {"cat", "gru", "resnet"};
        xp_bytes file = read_file(data_path("../fuzz/seeds/onnx/%s", seeds[i]));
        scarce_check(seeds[i], import_onnx, &file);
        free((void *)file.data);
    }
    xp_bytes keras = read_file(data_path("../fuzz/seeds/keras/zip"));
    scarce_check("keras", import_keras, &keras);
    free((void *)keras.data);
    xp_model m = model_of("gru");
    scarce_check("onnx written", export_onnx, &m);
    xp_model_free(&m);
}

static xp_status arrays(void *ctx, scarce_result *r, xp_error *err) {
    static const size_t shape[] = {2, 3};
    uint8_t *array, *zip;
    size_t n_array, n_zip;
    (void)ctx;
    XP_TRY(
        xp_npy_write('f', 4, 2, shape, (const float[]){1, 2, 3, 4, 5, 6}, &array, &n_array, err));
    const xp_npz_source sources[] = {{"a", array, n_array}, {"b", array, n_array}};
    xp_status s = xp_npz_write(sources, 2, true, &zip, &n_zip, err);
    free(array);
    if (s != XP_OK) return s;
    xp_npz back;
    s = xp_npz_read(&back, (xp_bytes){zip, n_zip}, err);
    free(zip);
    if (s != XP_OK) return s;
    for (int i = 0; i < back.n; i++) scarce_add(r, back.arrays[i].bytes, back.arrays[i].n_bytes);
    xp_npz_free(&back);
    return XP_OK;
}

static void numpy_files(void **state) {
    (void)state;
    scarce_check("npz", arrays, NULL);
}

/* ==== records ================================================================================ */

/* A seed of the fuzzer: header, segment's header and signal, apart by NUL. */
static xp_status read_record(void *ctx, scarce_result *r, xp_error *err) {
    xp_stored w;
    xp_record rec;
    const xp_file_source source = xp_memory_source(ctx);
    XP_TRY(xp_wfdb_read(&w, "r", &source, NULL, err));
    xp_status s = xp_stored_to_record(&rec, &w, err);
    if (s == XP_OK)
        s = xp_stored_physical(&w, err);
    else
        rec.n_leads = 0, rec.leads = NULL;
    if (s == XP_OK) {
        for (int i = 0; i < rec.n_leads; i++)
            scarce_add(r, rec.leads[i].mv, (size_t)rec.n * sizeof(float));
        for (int i = 0; i < w.n_signals; i++)
            scarce_add(r, w.signals[i].physical, (size_t)w.signals[i].n * sizeof(double));
    }
    if (rec.leads) xp_record_free(&rec);
    xp_stored_free(&w);
    return s;
}

static void wfdb_records(void **state) {
    (void)state;
    static const char header[] = "r 2 100 200 12:00:00\nr.dat 16 200/mV 16 0 0 0 0 I\n"
                                 "r.dat 16 200/mV 16 0 0 0 0 II\n# age: 50 <sex>: F\n# Dx: 1234\n";
    static const char segments[] = "r/3 2 100 500\na 200\n~ 100\na 200\n";
    static const char segment[] = "a 2 100 200\nr.dat 16 200/mV 16 0 0 0 0 I\n"
                                  "r.dat 16 200/mV 16 0 0 0 0 II\n";
    static uint8_t signal[200 * 4];
    for (size_t i = 0; i < sizeof signal; i++) signal[i] = (uint8_t)(i % 4 % 2 ? 0 : i * 7);
    const xp_memory_file plain[] = {{"r.hea", (const uint8_t *)header, sizeof header - 1},
                                    {"r.dat", signal, sizeof signal}};
    const xp_memory_file cut[] = {{"r.hea", (const uint8_t *)segments, sizeof segments - 1},
                                  {"a.hea", (const uint8_t *)segment, sizeof segment - 1},
                                  {"r.dat", signal, sizeof signal}};
    scarce_check("format 16", read_record, &(xp_memory_files){plain, 2});
    scarce_check("segments", read_record, &(xp_memory_files){cut, 3});
    xp_bytes seed = read_file(data_path("../fuzz/seeds/wfdb_signal/flac"));
    const size_t first = strlen((const char *)seed.data) + 1;
    const size_t second = first + strlen((const char *)seed.data + first) + 1;
    const xp_memory_file flac[] = {{"r.hea", seed.data, first - 1},
                                   {"r.dat", seed.data + second, seed.size - second}};
    scarce_check("FLAC", read_record, &(xp_memory_files){flac, 2});
    free((void *)seed.data);
}

typedef struct preparing {
    xp_record rec;
    xp_input_spec spec;
    xp_prepare_options opt;
} preparing;

static xp_status prepare(void *ctx, scarce_result *r, xp_error *err) {
    const preparing *p = ctx;
    xp_input in;
    XP_TRY(xp_prepare(&in, &p->rec, &p->spec, &p->opt, err));
    const size_t n = (size_t)in.n_windows * (size_t)in.length * (size_t)in.n_leads;
    scarce_add(r, in.x, n * sizeof *in.x);
    xp_input_free(&in);
    return XP_OK;
}

static void inputs_are_prepared(void **state) {
    (void)state;
    static const char leads[4][16] = {"II", "V1", "aVR", "aVF"};
    preparing p = {record_of(RATE, 550), {4, leads, RATE, LENGTH}, {.notch = 0}};
    scarce_check("prepared", prepare, &p);
    xp_record_free(&p.rec);
    p.rec = record_of(360, 1500);
    p.opt = (xp_prepare_options){.bandpass_low = 0.5, .bandpass_high = 40, .notch = 25};
    scarce_check("resampled and filtered", prepare, &p);
    xp_record_free(&p.rec);
}

/* A record of two files, one of which is named by the other, and a file that is none's. */
static xp_status list_records(void *ctx, scarce_result *r, xp_error *err) {
    static const char header[] = "a 1 100 20\na.dat 16 200/mV 16 0 0 0 0 I\n";
    xp_listing *l = xp_listing_create();
    (void)ctx;
    if (!l) return xp_fail(err, XP_ERR_MEMORY, "no memory for the list");
    xp_listing_add(l, "d/a.hea", sizeof header - 1);
    xp_listing_add(l, "d/a.dat", 40);
    xp_listing_add(l, "d/letter.pdf", 5);
    size_t bytes;
    for (int i; (i = xp_listing_next(l, &bytes)) >= 0;)
        xp_listing_show(l, i,
                        i ? (xp_bytes){(const uint8_t *)"%PDF-", 5}
                          : (xp_bytes){(const uint8_t *)header, sizeof header - 1});
    int n = 0, n_others = 0;
    const xp_listed_record *records = xp_listing_records(l, &n);
    const xp_listed_other *others = xp_listing_others(l, &n_others);
    const bool whole = records && others;
    for (int i = 0; whole && i < n; i++) {
        scarce_add(r, records[i].name, strlen(records[i].name));
        scarce_add(r, &records[i].n_files, sizeof records[i].n_files);
    }
    if (whole) scarce_add(r, &n_others, sizeof n_others);
    xp_listing_free(l);
    return whole ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "no memory for the list");
}

/* The same as the page has it: the files that are wanted, then the records, each as JSON. */
static xp_status list_for_page(void *ctx, scarce_result *r, xp_error *err) {
    static const char header[] = "a 1 100 20\na.dat 16 200/mV 16 0 0 0 0 I\n";
    (void)ctx;
    xp_wasm_list *l = xp_wasm_list_open();
    if (!l) return xp_fail(err, XP_ERR_MEMORY, "no memory for the list");
    xp_wasm_list_add(l, "d/a.hea", sizeof header - 1);
    xp_wasm_list_add(l, "d/a.dat", 40);
    const char *wanted = xp_wasm_list_text(l);
    bool whole = wanted != NULL;
    if (whole) scarce_add(r, wanted, strlen(wanted));
    xp_wasm_list_show(l, 0, (const uint8_t *)header, sizeof header - 1);
    const char *records = whole ? xp_wasm_list_text(l) : NULL;
    whole = records != NULL;
    if (whole) scarce_add(r, records, strlen(records));
    xp_wasm_list_close(l);
    return whole ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "no memory for the list");
}

static void records_are_listed(void **state) {
    (void)state;
    scarce_check("listed", list_records, NULL);
    scarce_check("listed for the page", list_for_page, NULL);
}

/* ==== networks =============================================================================== */

static xp_status run_network(void *ctx, scarce_result *r, xp_error *err) {
    const xp_model *m = ctx;
    static float x[LENGTH * LEADS];
    xp_pool *pool;
    xp_net *net;
    XP_TRY(xp_pool_create(&pool, 3, err));
    xp_net_options opt = xp_net_explaining(xp_gradcam_default_layer(&m->graph));
    opt.pool = pool;
    xp_status s = xp_net_create(&net, m, &opt, err);
    if (s == XP_OK) {
        xp_net_forward(net, x);
        scarce_add(r, xp_net_logits(net), (size_t)m->n_labels * sizeof(float));
        xp_net_free(net);
    }
    xp_pool_free(pool);
    return s;
}

static void networks_run(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int i = 0; i < 3; i++) {
        xp_model m = model_of(archs[i]);
        scarce_check(archs[i], run_network, &m);
        xp_model_free(&m);
    }
}

typedef struct explaining {
    const xp_model *m;
    const xp_record *rec;
    xp_net *net; /* its layer and the input are kept */
    int layer;
} explaining;

static xp_status explain(void *ctx, scarce_result *r, xp_error *err) {
    const explaining *e = ctx;
    xp_analysis a;
    const xp_explain_options opt = {.layer = e->layer, .label = -1};
    XP_TRY(xp_explain(&a, e->rec, e->m, e->net, &opt, err));
    const size_t maps = (size_t)a.n_windows * (size_t)a.n_maps * (size_t)a.map_length;
    scarce_add(r, a.probabilities, (size_t)a.n_windows * (size_t)a.n_labels * sizeof(float));
    scarce_add(r, a.maps, maps * sizeof *a.maps);
    xp_status s = XP_OK;
    for (int method = 0; method < 2 && s == XP_OK; method++) {
        const xp_lead_attribution_options how = {.method = (xp_lead_attribution_method)method};
        xp_lead_attribution ev;
        s = xp_lead_attribution_make(&ev, &a, e->rec, e->m, e->net, &how, err);
        if (s != XP_OK) break;
        scarce_add(r, ev.values, (size_t)(ev.n_labels * ev.n_leads * ev.steps) * sizeof *ev.values);
        xp_lead_attribution_free(&ev);
    }
    xp_analysis_free(&a);
    return s;
}

static void records_are_explained(void **state) {
    (void)state;
    xp_model m = model_of("ecg-xplaim");
    xp_record rec = record_of(RATE, 420);
    const int layer = xp_gradcam_default_layer(&m.graph);
    xp_net *net = sample_net(&m, (xp_net_options){.n_explain = 2, .explain = {XP_INPUT_OP, layer}});
    scarce_check("explained", explain, &(explaining){&m, &rec, net, layer});
    xp_net_free(net);
    xp_record_free(&rec);
    xp_model_free(&m);
}

/* ==== documents ============================================================================== */

typedef struct reporting {
    xp_report report;
    const xp_record *rec;
    const xp_error *error;
} reporting;

static xp_status add_document(cJSON *document, scarce_result *r, xp_error *err) {
    char *text = xp_json_print(document);
    if (!text) return xp_fail(err, XP_ERR_MEMORY, "no memory for the document");
    scarce_add(r, text, strlen(text));
    cJSON_free(text);
    return XP_OK;
}

static xp_status report(void *ctx, scarce_result *r, xp_error *err) {
    const reporting *w = ctx;
    const xp_model *m = w->report.model;
    static float scratch[LENGTH];
    const xp_report_maps_options maps = {.layer = m->graph.ops[1].name, .scratch = scratch};
    XP_TRY(add_document(xp_report_prediction(&w->report), r, err));
    XP_TRY(add_document(xp_report_maps(&w->report, &maps), r, err));
    XP_TRY(add_document(xp_report_recording(w->rec), r, err));
    XP_TRY(add_document(xp_report_loaded(m, "", 1, 1000), r, err));
    return add_document(xp_report_failure("a", w->error), r, err);
}

/* With a notice, and a name that is no UTF-8. */
static void documents(void **state) {
    (void)state;
    xp_model m = model_of("ecg-xplaim");
    xp_record rec = record_of(RATE, 420);
    xp_net *net = sample_net(&m, xp_net_explaining(xp_gradcam_default_layer(&m.graph)));
    const xp_explain_options opt = {.layer = xp_gradcam_default_layer(&m.graph), .label = -1};
    xp_analysis a;
    xp_error err;
    assert_int_equal(xp_explain(&a, &rec, &m, net, &opt, &err), XP_OK);
    xp_notices notices = {0};
    xp_report_gather(&notices, &m, &rec.notices, &a);
    assert_true(notices.n > 0);
    xp_fail(&err, XP_ERR_FORMAT, "a text");
    reporting w = {{"m\xfcller", &m, "", &a, &notices, -1}, &rec, &err};
    scarce_check("documents", report, &w);
    xp_notices_free(&notices);
    xp_analysis_free(&a);
    xp_net_free(net);
    xp_record_free(&rec);
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_built),   cmocka_unit_test(model_files),
        cmocka_unit_test(ensembles),          cmocka_unit_test(other_programs_models),
        cmocka_unit_test(numpy_files),        cmocka_unit_test(wfdb_records),
        cmocka_unit_test(records_are_listed), cmocka_unit_test(inputs_are_prepared),
        cmocka_unit_test(networks_run),       cmocka_unit_test(records_are_explained),
        cmocka_unit_test(documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
