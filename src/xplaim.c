#include "xplaim.h"

#include "base/file.h"
#include "draw_analysis.h"
#include "ecg/leads.h"
#include "ecg/reader_path.h"
#include "ecg/source_memory.h"
#include "measure_words.h"
#include "nn/model_file.h"
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME(name) _Static_assert((int)XPLAIM_##name == (int)XP_##name, "one list of status codes")
SAME(OK);
SAME(ERR_USAGE);
SAME(ERR_MEMORY);
SAME(ERR_IO);
SAME(ERR_NOT_FOUND);
SAME(ERR_TRUNCATED);
SAME(ERR_FORMAT);
SAME(ERR_UNSUPPORTED);
SAME(ERR_LIMIT);
SAME(ERR_SHAPE);
SAME(ERR_LEAD_UNKNOWN);
SAME(ERR_UNITS);
SAME(ERR_INTERNAL);
SAME(ERR_CANCELLED);

struct xplaim_recording {
    xp_record record;
};

struct xplaim_model {
    xp_model model;
    xp_pool *pool;
    xp_net *net;
    size_t bytes;
    int layer; /* op index, or -1: no maps */
};

struct xplaim_analysis {
    const xplaim_recording *recording;
    const xplaim_model *model;
    xp_analysis result;
    xp_notices notices; /* of model, recording and preparation */
    float *maps;        /* result.maps, normalised; owned; NULL without maps */
};

/* ==== errors ================================================================================= */

/* What a public function returns for what an internal one did. */
static xplaim_status finish(xp_status s, const xp_error *from, xplaim_error *to) {
    if (s != XP_OK && to) {
        to->code = (xplaim_status)s;
        snprintf(to->text, sizeof to->text, "%s", from->text);
    }
    return (xplaim_status)s;
}

static xp_status no_memory(xp_error *err, const char *what) {
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %s", what);
}

const char *xplaim_version(void) {
    return XP_VERSION;
}

const char *xplaim_status_name(xplaim_status status) {
    return xp_status_name((xp_status)status);
}

void xplaim_free(void *bytes) {
    free(bytes);
}

_Static_assert((int)XPLAIM_NOTICE_TEXT == (int)XP_NOTICE_TEXT, "a sentence fits the public struct");

/* The i-th of those that say something new: what is true of several leads is one notice. */
static bool notice_of(const xp_notices *list, int i, xplaim_notice *out) {
    int at = 0;
    for (; at < list->n; at++)
        if (xp_notice_is_new(list, at) && i-- == 0) break;
    if (i >= 0 || at >= list->n) return false;
    const xp_notice *item = &list->items[at];
    *out = (xplaim_notice){.code = xp_notice_name(item->code), .lead = item->lead};
    xp_notice_text(list, at, out->text);
    return true;
}

/* ==== recordings ============================================================================= */

typedef xp_status (*record_reader)(xp_record *rec, const void *from, xp_error *err);

static xp_status read_recording(xplaim_recording **out, record_reader reader, const void *from,
                                xp_error *err) {
    xplaim_recording *made = calloc(1, sizeof *made);
    if (!made) return no_memory(err, "a recording");
    xp_status s = reader(&made->record, from, err);
    if (s == XP_OK) s = xp_leads_complete(&made->record, err);
    if (s == XP_OK)
        *out = made;
    else
        xplaim_recording_free(made);
    return s;
}

static xp_status read_path(xp_record *rec, const void *from, xp_error *err) {
    return xp_record_open_path(rec, from, NULL, err);
}

xplaim_status xplaim_recording_read(xplaim_recording **out, const char *path, xplaim_error *error) {
    xp_error err;
    return finish(read_recording(out, read_path, path, &err), &err, error);
}

typedef struct named_files {
    const char *name;
    xp_memory_files files;
} named_files;

static xp_status read_files(xp_record *rec, const void *from, xp_error *err) {
    const named_files *f = from;
    const xp_file_source source = xp_memory_source(&f->files);
    return xp_record_open(rec, &source, f->name, NULL, err);
}

static xp_status read_memory(xplaim_recording **out, const char *name, const xplaim_file *files,
                             size_t n, xp_error *err) {
    if (n > INT32_MAX) return xp_fail(err, XP_ERR_LIMIT, "%zu files are too many", n);
    xp_memory_file *entries = calloc(n ? n : 1, sizeof *entries);
    if (!entries) return no_memory(err, "a list of files");
    for (size_t i = 0; i < n; i++)
        entries[i] = (xp_memory_file){files[i].name, files[i].bytes, files[i].size};
    const named_files from = {name, {entries, (int)n}};
    xp_status s = read_recording(out, read_files, &from, err);
    free(entries);
    return s;
}

xplaim_status xplaim_recording_read_memory(xplaim_recording **out, const char *name,
                                           const xplaim_file *files, size_t n,
                                           xplaim_error *error) {
    xp_error err;
    return finish(read_memory(out, name, files, n, &err), &err, error);
}

void xplaim_recording_free(xplaim_recording *recording) {
    if (!recording) return;
    xp_record_free(&recording->record);
    free(recording);
}

const char *xplaim_recording_name(const xplaim_recording *recording) {
    return recording->record.name;
}

double xplaim_recording_rate(const xplaim_recording *recording) {
    return recording->record.rate;
}

int64_t xplaim_recording_samples(const xplaim_recording *recording) {
    return recording->record.n;
}

int xplaim_recording_leads(const xplaim_recording *recording) {
    return recording->record.n_leads;
}

static const xp_lead *lead_of(const xplaim_recording *r, int lead) {
    return lead >= 0 && lead < r->record.n_leads ? &r->record.leads[lead] : NULL;
}

const char *xplaim_recording_lead_name(const xplaim_recording *recording, int lead) {
    const xp_lead *l = lead_of(recording, lead);
    return l ? l->name : NULL;
}

const float *xplaim_recording_lead(const xplaim_recording *recording, int lead) {
    const xp_lead *l = lead_of(recording, lead);
    return l ? l->mv : NULL;
}

bool xplaim_recording_lead_is_derived(const xplaim_recording *recording, int lead) {
    const xp_lead *l = lead_of(recording, lead);
    return l && l->derived;
}

bool xplaim_recording_notice(const xplaim_recording *recording, int i, xplaim_notice *notice) {
    return notice_of(&recording->record.notices, i, notice);
}

/* ==== models ================================================================================= */

static xp_status choose_layer(int *layer, const xp_graph *g, const xplaim_model_options *o,
                              xp_error *err) {
    *layer = o->no_maps ? -1 : o->layer ? xp_graph_find(g, o->layer) : xp_gradcam_default_layer(g);
    if (o->no_maps || !o->layer || (*layer >= 0 && g->ops[*layer].is_sequence)) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "the model has no layer \"%s\" with a time axis", o->layer);
}

/* Makes m, whose model is read, ready to run. */
static xp_status plan(xplaim_model *m, const xplaim_model_options *o, xp_error *err) {
    XP_TRY(choose_layer(&m->layer, &m->model.graph, o, err));
    XP_TRY(xp_pool_create(&m->pool, o->threads < 0 ? 0 : o->threads ? o->threads : 1, err));
    xp_net_options net = xp_net_explaining(m->layer);
    net.pool = m->pool;
    XP_TRY(xp_net_bytes(&m->model, &net, &m->bytes, err));
    return xp_net_create(&m->net, &m->model, &net, err);
}

static xp_status read_model(xplaim_model **out, xp_bytes file, const xplaim_model_options *options,
                            xp_error *err) {
    const xplaim_model_options o = options ? *options : (xplaim_model_options){0};
    xplaim_model *made = calloc(1, sizeof *made);
    if (!made) return no_memory(err, "a model");
    xp_status s = xp_model_read(&made->model, file, err);
    if (s == XP_OK) s = plan(made, &o, err);
    if (s == XP_OK)
        *out = made;
    else
        xplaim_model_free(made);
    return s;
}

xplaim_status xplaim_model_read_memory(xplaim_model **out, const void *bytes, size_t size,
                                       const xplaim_model_options *options, xplaim_error *error) {
    xp_error err;
    return finish(read_model(out, (xp_bytes){bytes, size}, options, &err), &err, error);
}

static xp_status read_model_file(xplaim_model **out, const char *path,
                                 const xplaim_model_options *options, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_file_read(path, &bytes, &size, err));
    xp_status s = read_model(out, (xp_bytes){bytes, size}, options, err);
    free(bytes);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}

xplaim_status xplaim_model_read(xplaim_model **out, const char *path,
                                const xplaim_model_options *options, xplaim_error *error) {
    xp_error err;
    return finish(read_model_file(out, path, options, &err), &err, error);
}

void xplaim_model_free(xplaim_model *model) {
    if (!model) return;
    xp_net_free(model->net);
    xp_pool_free(model->pool);
    xp_model_free(&model->model);
    free(model);
}

const char *xplaim_model_name(const xplaim_model *model) {
    return model->model.name;
}

bool xplaim_model_is_trained(const xplaim_model *model) {
    return model->model.trained;
}

double xplaim_model_rate(const xplaim_model *model) {
    return model->model.rate;
}

int xplaim_model_length(const xplaim_model *model) {
    return model->model.length;
}

size_t xplaim_model_bytes(const xplaim_model *model) {
    return model->bytes;
}

int xplaim_model_labels(const xplaim_model *model) {
    return model->model.n_labels;
}

bool xplaim_model_label(const xplaim_model *model, int label, xplaim_label *out) {
    if (label < 0 || label >= model->model.n_labels) return false;
    const xp_label *l = &model->model.labels[label];
    *out = (xplaim_label){l->name, l->long_name, l->threshold};
    return true;
}

int xplaim_model_find_label(const xplaim_model *model, const char *name) {
    return xp_model_find_label(&model->model, name);
}

/* ==== analysis =============================================================================== */

/* A copy of the maps, each from 0 to 1; the raw ones are kept to be drawn. */
static xp_status normalise_maps(xplaim_analysis *a, xp_error *err) {
    const xp_analysis *r = &a->result;
    const size_t length = (size_t)r->map_length, n = (size_t)r->n_windows * (size_t)r->n_maps;
    if (!n) return XP_OK;
    a->maps = malloc(n * length * sizeof *a->maps);
    if (!a->maps) return no_memory(err, "the maps");
    memcpy(a->maps, r->maps, n * length * sizeof *a->maps);
    for (size_t i = 0; i < n; i++) xp_gradcam_normalise(a->maps + i * length, r->map_length);
    return XP_OK;
}

static xp_status analyse(xplaim_analysis **out, const xplaim_recording *r, xplaim_model *m,
                         const xplaim_options *options, xp_error *err) {
    const xplaim_options o = options ? *options : (xplaim_options){0};
    const xp_explain_options opt = {.prepare = {.bandpass_low = o.bandpass[0],
                                                .bandpass_high = o.bandpass[1],
                                                .notch = o.notch,
                                                .accept_amplitude = o.accept_amplitude,
                                                .accept_missing_leads = o.accept_missing_leads,
                                                .accept_checksums = o.accept_checksums},
                                    .layer = m->layer,
                                    .label = -1};
    xplaim_analysis *made = calloc(1, sizeof *made);
    if (!made) return no_memory(err, "an analysis");
    made->recording = r;
    made->model = m;
    xp_status s = xp_explain(&made->result, &r->record, &m->model, m->net, &opt, err);
    if (s == XP_OK) s = normalise_maps(made, err);
    if (s == XP_OK) xp_report_gather(&made->notices, &m->model, &r->record.notices, &made->result);
    if (s == XP_OK)
        s = xp_judge_and_note(&made->notices, &r->record, &made->result.input.notices,
                              (const char(*)[16])m->model.leads, m->model.n_leads, err);
    if (s == XP_OK)
        *out = made;
    else
        xplaim_analysis_free(made);
    return s;
}

xplaim_status xplaim_analyse(xplaim_analysis **out, const xplaim_recording *recording,
                             xplaim_model *model, const xplaim_options *options,
                             xplaim_error *error) {
    xp_error err;
    return finish(analyse(out, recording, model, options, &err), &err, error);
}

void xplaim_analysis_free(xplaim_analysis *analysis) {
    if (!analysis) return;
    xp_analysis_free(&analysis->result);
    xp_notices_free(&analysis->notices);
    free(analysis->maps);
    free(analysis);
}

int xplaim_analysis_windows(const xplaim_analysis *analysis) {
    return analysis->result.n_windows;
}

static bool has_window(const xplaim_analysis *a, int window) {
    return window >= 0 && window < a->result.n_windows;
}

double xplaim_analysis_window_start(const xplaim_analysis *analysis, int window) {
    const xp_input *in = &analysis->result.input;
    return has_window(analysis, window) ? (double)in->start[window] / in->rate : NAN;
}

double xplaim_analysis_window_seconds(const xplaim_analysis *analysis, int window) {
    const xp_input *in = &analysis->result.input;
    return has_window(analysis, window) ? (double)in->valid[window] / in->rate : NAN;
}

const float *xplaim_analysis_probabilities(const xplaim_analysis *analysis, int window) {
    const xp_analysis *r = &analysis->result;
    if (!has_window(analysis, window)) return NULL;
    return r->probabilities + (size_t)window * (size_t)r->n_labels;
}

float xplaim_analysis_probability(const xplaim_analysis *analysis, int label, int *window) {
    if (label < 0 || label >= analysis->result.n_labels) return NAN;
    return xp_analysis_probability(&analysis->result, label, window);
}

const float *xplaim_analysis_map(const xplaim_analysis *analysis, int window, int label, int *n) {
    const xp_analysis *r = &analysis->result;
    if (!analysis->maps || !has_window(analysis, window) || label < 0 || label >= r->n_maps)
        return NULL;
    *n = r->map_length;
    const size_t row = (size_t)window * (size_t)r->n_maps + (size_t)label;
    return analysis->maps + row * (size_t)r->map_length;
}

bool xplaim_analysis_notice(const xplaim_analysis *analysis, int i, xplaim_notice *notice) {
    return notice_of(&analysis->notices, i, notice);
}

static cJSON *document_of(const xplaim_analysis *a, const char *name, float *scratch) {
    const xp_report report = {.record = name,
                              .model = &a->model->model,
                              .model_sha256 = "",
                              .analysis = &a->result,
                              .notices = &a->notices,
                              .label = -1};
    if (!a->maps) return xp_report_prediction(&report);
    const xp_report_maps_options o = {.layer = a->model->model.graph.ops[a->model->layer].name,
                                      .scratch = scratch};
    return xp_report_maps(&report, &o);
}

xplaim_status xplaim_analysis_json(char **text, const xplaim_analysis *analysis, const char *name,
                                   xplaim_error *error) {
    const size_t length = analysis->maps ? (size_t)analysis->result.map_length : 1;
    float *scratch = malloc(length * sizeof *scratch);
    char *made = scratch ? xp_json_print(document_of(analysis, name, scratch)) : NULL;
    xp_error err;
    free(scratch);
    if (!made) return finish(no_memory(&err, "the document"), &err, error);
    *text = made;
    return XPLAIM_OK;
}

/* ==== pictures =============================================================================== */

/* A word of an option as its number; the first where it was not given. */
static xp_status find_word(int *number, int (*find)(const char *), const char *word,
                           const char *what, xp_error *err) {
    *number = word ? find(word) : 0;
    if (*number >= 0) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "there is no %s \"%.40s\"", what, word);
}

static xp_status page_options(xp_plot_options *page, const xplaim_picture *p, xp_error *err) {
    int layout, style, colormap;
    XP_TRY(find_word(&layout, xp_layout_find, p->layout, "layout", err));
    XP_TRY(find_word(&style, xp_map_style_find, p->style, "style", err));
    XP_TRY(find_word(&colormap, xp_colormap_find, p->colormap, "colour map", err));
    *page = (xp_plot_options){.layout = (xp_layout)layout,
                              .speed = p->speed,
                              .gain = p->gain,
                              .start = p->start,
                              .seconds = p->seconds,
                              .rhythm = {p->rhythm[0], p->rhythm[1], p->rhythm[2]},
                              .cabrera = p->cabrera,
                              .plain = p->no_grid,
                              .style = (xp_map_style)style,
                              .colormap = (xp_colormap)colormap};
    return XP_OK;
}

/* What is drawn, and how finely. */
typedef struct subject {
    const xplaim_recording *recording;
    const xplaim_analysis *analysis; /* NULL: no map */
    int label;
    xplaim_picture picture;
} subject;

static subject subject_of(const xplaim_recording *recording, const xplaim_analysis *analysis,
                          int label, const xplaim_picture *picture) {
    subject s = {recording, analysis, label, picture ? *picture : (xplaim_picture){0}};
    if (!(s.picture.dpi > 0)) s.picture.dpi = 300;
    return s;
}

/* pixel: mm, for decimation; 0: every sample. */
static xp_status draw(xp_display *d, const subject *s, double pixel, xp_error *err) {
    const xplaim_analysis *a = s->analysis;
    xp_plot_options page;
    XP_TRY(page_options(&page, &s->picture, err));
    page.pixel = pixel;
    if (!a) return xp_draw_record(d, &s->recording->record, NULL, &page, err);
    if (a->recording != s->recording)
        return xp_fail(err, XP_ERR_USAGE, "the analysis is of another recording");
    if (!a->maps) return xp_fail(err, XP_ERR_USAGE, "the analysis has no maps that could be drawn");
    if (s->label < 0 || s->label >= a->result.n_labels)
        return xp_fail(err, XP_ERR_USAGE, "the model has no label %d; it has 0 to %d", s->label,
                       a->result.n_labels - 1);
    return xp_draw_analysis(d, &s->recording->record, &a->result, &a->model->model, a->model->layer,
                            s->label, &page, err);
}

static xp_status draw_png(uint8_t **bytes, size_t *size, const subject *s, xp_error *err) {
    const double dpi = s->picture.dpi;
    xp_display d = {0};
    xp_image image = {0};
    XP_TRY(draw(&d, s, 25.4 / dpi, err));
    xp_status status = xp_raster(&image, &d, dpi, err);
    xp_display_free(&d);
    if (status == XP_OK) status = xp_png(bytes, size, &image, dpi, err);
    xp_image_free(&image);
    return status;
}

xplaim_status xplaim_draw_png(uint8_t **bytes, size_t *size, const xplaim_recording *recording,
                              const xplaim_analysis *analysis, int label,
                              const xplaim_picture *picture, xplaim_error *error) {
    const subject s = subject_of(recording, analysis, label, picture);
    xp_error err;
    return finish(draw_png(bytes, size, &s, &err), &err, error);
}

static xp_status draw_svg(char **text, size_t *size, const subject *s, xp_error *err) {
    xp_display d = {0};
    XP_TRY(draw(&d, s, 0, err));
    xp_status status = xp_svg(text, size, &d, s->recording->record.name, err);
    xp_display_free(&d);
    return status;
}

xplaim_status xplaim_draw_svg(char **text, size_t *size, const xplaim_recording *recording,
                              const xplaim_analysis *analysis, int label,
                              const xplaim_picture *picture, xplaim_error *error) {
    const subject s = subject_of(recording, analysis, label, picture);
    xp_error err;
    return finish(draw_svg(text, size, &s, &err), &err, error);
}
