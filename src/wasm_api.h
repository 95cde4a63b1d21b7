/* The boundary to JavaScript: with wasm_picture.h all that knows WebAssembly. web/core.js is its
 * only caller in the page; the tests call it natively too.
 *
 * A session holds the files handed in, one record, one model and one analysis. Texts are JSON.
 * Pointers into a session stay valid until the call that replaces what they point to; since memory
 * may grow during any call, JavaScript makes its views after it. */
#ifndef XP_WASM_API_H
#define XP_WASM_API_H

#include "wasm_export.h"

#include <stddef.h>
#include <stdint.h>

typedef struct xp_session xp_session;

/* Memory for JavaScript to write names and bytes into; NULL when there is none. */
XP_EXPORT(xp_wasm_alloc) void *xp_wasm_alloc(size_t bytes);
XP_EXPORT(xp_wasm_free) void xp_wasm_free(void *p);

/* NULL when there is no memory. A session is freed with all it holds. */
XP_EXPORT(xp_wasm_open) xp_session *xp_wasm_open(void);
XP_EXPORT(xp_wasm_close) void xp_wasm_close(xp_session *s);

/* Every function below that returns int returns an xp_status: 0, or the error that xp_wasm_text(s,
 * XP_TEXT_ERROR) tells. */

/* 0 when a small network gives the numbers that are stored for it:
 * run once at the start, since engines have had broken SIMD. */
XP_EXPORT(xp_wasm_self_test) int xp_wasm_self_test(xp_session *s);

/* Hand a file to the session: `bytes` comes from xp_wasm_alloc and is the session's from then on,
 * also on error; name is copied. A file of the same name is replaced. name NULL: forget all files
 * (bytes must be NULL). */
XP_EXPORT(xp_wasm_add_file)
int xp_wasm_add_file(xp_session *s, const char *name, uint8_t *bytes, size_t size);

/* Read the WFDB record `name` (no extension) from the session's files. The analysis is dropped; on
 * error the record is too. */
XP_EXPORT(xp_wasm_open_record) int xp_wasm_open_record(xp_session *s, const char *name);

/* Read a model (safetensors) and prepare it to run and to explain `layer` (a role name; "": the
 * default one). `bytes` is from xp_wasm_alloc and is freed before the network's own memory is
 * taken, also on error. The analysis is dropped; on error the model is too. */
XP_EXPORT(xp_wasm_load_model)
int xp_wasm_load_model(xp_session *s, uint8_t *bytes, size_t size, const char *layer);

/* Explain another layer of the loaded model (a role name; "": the default one): the network's
 * memory is planned anew. The analysis is dropped; on error the model is too. */
XP_EXPORT(xp_wasm_choose_layer) int xp_wasm_choose_layer(xp_session *s, const char *layer);

/* Filter the standard leads of the record for display (zero-phase, as prepare.h says): band-pass
 * low to high Hz, notch at a frequency; 0: none of it. Missing samples stay missing. The analysis
 * never sees this: it uses the record as it was read. */
XP_EXPORT(xp_wasm_filter)
int xp_wasm_filter(xp_session *s, double low, double high, double notch);

/* Draw the open record: request and values (n_values; may be NULL) as draw_request.h says. The
 * drawing stays until the next one or the next record. */
XP_EXPORT(xp_wasm_draw)
int xp_wasm_draw(xp_session *s, const char *request, const float *values, size_t n_values);

/* The drawing's arrays, as plot.h lays them out; NULL where there is no such part. */
enum { XP_DRAWING_OPS, XP_DRAWING_POINTS, XP_DRAWING_COLORS, XP_DRAWING_TEXT, XP_DRAWING_STRIPS };
XP_EXPORT(xp_wasm_drawing) const void *xp_wasm_drawing(const xp_session *s, int part);

/* Run the model on the record and make the maps of all labels. Repeated calls need no more memory
 * than the first. flags: a sum of these. */
enum {
    XP_ANALYSE_ACCEPT_AMPLITUDE = 1,    /* although the amplitude is not credible */
    XP_ANALYSE_NO_MAPS = 2,             /* probabilities alone */
    XP_ANALYSE_ACCEPT_MISSING_LEADS = 4 /* leads that are not there count as 0 mV */
};
XP_EXPORT(xp_wasm_analyse) int xp_wasm_analyse(xp_session *s, int flags);

/* Evidence by lead and time of a window of the last analysis (method: xp_evidence_method of
 * lead_evidence.h), for one label, or for all where the method gives them at once. It may take a
 * minute: the module's import xp_wasm_progress(done, total) is called after each pass through the
 * network. The network's memory may be planned anew. */
XP_EXPORT(xp_wasm_attribute)
int xp_wasm_attribute(xp_session *s, int method, int window, int label);

/* JSON about a part of the session; "null" where there is no such part. The text is the session's.
 */
typedef enum xp_text_kind {
    XP_TEXT_ABOUT,    /* {version, kernels, modelFormat} */
    XP_TEXT_ERROR,    /* {code, text}: of the last call that failed */
    XP_TEXT_RECORD,   /* {name, rate, samples, age, sex, dx, leads: [{name, derived, calibrated,
                         missing}], notices: [{code, lead, text}]} */
    XP_TEXT_MODEL,    /* {name, architecture, trained, rate, length, leads, layer, layers, bytes,
                         meta: [{key, value}], labels: [{name, longName, threshold,
                         thresholdSource, auroc, aurocLow, aurocHigh, positives}]}: null where not
                         given */
    XP_TEXT_ANALYSIS, /* {rate, mapLength, step, windows: [{start, seconds}], labels: [{name,
                        probability, window, maps: [{positive, max, intervals: [{start, end,
                        peak}]}]}], notices}: one map a window; times in seconds, intervals from
                        their window's start */
    XP_TEXT_DRAWING,  /* {width, height: mm, paper, counts: of ops, points, colors, text bytes,
                         strips} */
    XP_TEXT_EVIDENCE  /* {firstLabel, labels, leads, steps, step: s, integration: {logit, baseline,
                         sum, residual, steps, complete}: null for occlusion} */
} xp_text_kind;
XP_EXPORT(xp_wasm_text) const char *xp_wasm_text(xp_session *s, int kind);

/* Floats of a part of the session; NULL where there is no such part. */
typedef enum xp_float_kind {
    XP_FLOATS_LEAD,          /* index: lead; (samples) mV, NaN where missing */
    XP_FLOATS_PROBABILITIES, /* index: window; (labels) */
    XP_FLOATS_MAPS,          /* index: window; (labels, mapLength), each map ReLU'd and divided by
                                its maximum */
    XP_FLOATS_LOGITS,        /* index: window; (labels) */
    XP_FLOATS_FILTERED,      /* index: lead; (samples) mV after xp_wasm_filter, NaN where missing;
                                NULL for a lead that is not one of the twelve */
    XP_FLOATS_EVIDENCE       /* index: label; (leads of the record, steps) logits, NaN in leads that
                                the model does not see; NULL for a label that was not asked for */
} xp_float_kind;
XP_EXPORT(xp_wasm_floats) const float *xp_wasm_floats(const xp_session *s, int kind, int index);

#endif
