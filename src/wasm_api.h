/* The boundary to JavaScript: with wasm_picture.h all that knows WebAssembly. web/core/core.js is
 * its only caller in the page; the tests call it natively too. The lists here reach JavaScript as
 * web/core/core_constants.js, which web/make_constants.c writes.
 *
 * A session holds one record, one model and one analysis. Records come from the module that reads
 * files (wasm_readers.h). Texts are JSON.
 * Pointers into a session stay valid until the call that replaces what they point to; since memory
 * may grow during any call, JavaScript makes its views after it. */
#ifndef XP_WASM_API_H
#define XP_WASM_API_H

#include "wasm_export.h"

#include <stdint.h>

typedef struct xp_session xp_session;

/* NULL when there is no memory. A session is freed with all it holds. */
XP_EXPORT(xp_wasm_open) xp_session *xp_wasm_open(void);
XP_EXPORT(xp_wasm_close) void xp_wasm_close(xp_session *s);

/* Every function below that returns int returns an xp_status: 0, or the error that xp_wasm_text(s,
 * XP_TEXT_ERROR) tells. */

/* 0 when a small network gives the numbers that are stored for it:
 * run once at the start, since engines have had broken SIMD. */
XP_EXPORT(xp_wasm_self_test) int xp_wasm_self_test(xp_session *s);

/* Take a record as the module that reads files hands it on (ecg/record_bytes.h), and derive the
 * leads that it lacks. name: as it was opened; copied. `bytes` comes from xp_wasm_alloc and is
 * freed, also on error. The analysis is dropped; on error the record is too. */
XP_EXPORT(xp_wasm_take_record)
int xp_wasm_take_record(xp_session *s, const char *name, uint8_t *bytes, size_t size);

/* Read a model (safetensors) and prepare it to run and to explain `layer` (a role name; "": the
 * default one). `bytes` is from xp_wasm_alloc and is freed before the network's own memory is
 * taken, also on error. The analysis is dropped; on error the model is too. */
XP_EXPORT(xp_wasm_load_model)
int xp_wasm_load_model(xp_session *s, uint8_t *bytes, size_t size, const char *layer);

/* Explain another layer of the loaded model (a role name; "": the default one): the network's
 * memory is planned anew. The analysis is dropped; on error the model is too. */
XP_EXPORT(xp_wasm_choose_layer) int xp_wasm_choose_layer(xp_session *s, const char *layer);

/* Judge at another operating point of the loaded model ("balanced", "high-specificity"):
 * probabilities and maps are the same, thresholds and what reaches them are not. The analysis is
 * dropped. XP_ERR_USAGE, and nothing changes, where the model has no thresholds for it. */
XP_EXPORT(xp_wasm_operate_at) int xp_wasm_operate_at(xp_session *s, const char *point);

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
#define XP_DRAWING_LIST(X)                                                                         \
    X(XP_DRAWING_OPS, "ops", xp_draw_op)                                                           \
    X(XP_DRAWING_POINTS, "points", xp_point)                                                       \
    X(XP_DRAWING_COLORS, "colors", uint32_t)                                                       \
    X(XP_DRAWING_TEXT, "text", char)                                                               \
    X(XP_DRAWING_STRIPS, "strips", xp_strip)
enum {
#define X(id, name, element) id,
    XP_DRAWING_LIST(X)
#undef X
        XP_DRAWING_COUNT
};
XP_EXPORT(xp_wasm_drawing) const void *xp_wasm_drawing(const xp_session *s, int part);

/* Run the model on the record and make the maps of all labels. Repeated calls need no more memory
 * than the first. flags: a sum of these. */
#define XP_ANALYSE_LIST(X)                                                                         \
    X(XP_ANALYSE_ACCEPT_AMPLITUDE, "acceptAmplitude", 1)        /* although it is not credible */  \
    X(XP_ANALYSE_NO_MAPS, "noMaps", 2)                          /* probabilities alone */          \
    X(XP_ANALYSE_ACCEPT_MISSING_LEADS, "acceptMissingLeads", 4) /* absent leads are 0 mV */        \
    X(XP_ANALYSE_ACCEPT_CHECKSUMS, "acceptChecksums", 8)        /* although not one holds */
enum {
#define X(id, name, bit) id = bit,
    XP_ANALYSE_LIST(X)
#undef X
};
XP_EXPORT(xp_wasm_analyse) int xp_wasm_analyse(xp_session *s, int flags);

/* Evidence by lead and time of a window of the last analysis (method: xp_lead_attribution_method of
 * lead_attribution.h), for one label, or for all where the method gives them at once. It may take a
 * minute: the module's import xp_wasm_progress(done, total) is called after each pass through the
 * network. The network's memory may be planned anew. */
XP_EXPORT(xp_wasm_attribute)
int xp_wasm_attribute(xp_session *s, int method, int window, int label);

/* JSON about a part of the session; "null" where there is no such part; NULL without memory for it.
 * The text is the session's. The documents are those of report.h. */
#define XP_TEXT_LIST(X)                                                                            \
    X(XP_TEXT_ABOUT, "about")       /* {version, kernels, modelFormat} */                          \
    X(XP_TEXT_ERROR, "error")       /* {code, text}: of the last call that failed */               \
    X(XP_TEXT_RECORD, "record")     /* xp_report_recording */                                      \
    X(XP_TEXT_MODEL, "model")       /* xp_report_loaded */                                         \
    X(XP_TEXT_REPORT, "report")     /* xp_report_maps, without the maps' values, which             \
                                       XP_FLOATS_MAPS has; xp_report_prediction where there are no \
                                       maps */                                                     \
    X(XP_TEXT_DRAWING, "drawing")   /* {width, height: mm, paper, counts: of ops, points, colors,  \
                                       text bytes, strips} */                                      \
    X(XP_TEXT_EVIDENCE, "evidence") /* xp_report_evidence_end of the window asked for last */
typedef enum xp_text_kind {
#define X(id, name) id,
    XP_TEXT_LIST(X)
#undef X
} xp_text_kind;
XP_EXPORT(xp_wasm_text) const char *xp_wasm_text(xp_session *s, int kind);

/* Floats of a part of the session; NULL where there is no such part. */
#define XP_FLOATS_LIST(X)                                                                          \
    X(XP_FLOATS_LEAD, "lead")         /* index: lead; (samples) mV, NaN where missing */           \
    X(XP_FLOATS_MAPS, "maps")         /* index: window; (labels, steps), each map ReLU'd and       \
                                         divided by its maximum */                                 \
    X(XP_FLOATS_FILTERED, "filtered") /* index: lead; (samples) mV after xp_wasm_filter, NaN       \
                                         where missing; NULL for an empty lead, or one of a name   \
                                         of 16 bytes and more */                                   \
    X(XP_FLOATS_EVIDENCE, "evidence") /* index: label; (leads of the record, segments) logits, NaN \
                                         in leads that the model does not see; NULL for a label    \
                                         that was not asked for */
typedef enum xp_float_kind {
#define X(id, name) id,
    XP_FLOATS_LIST(X)
#undef X
} xp_float_kind;
XP_EXPORT(xp_wasm_floats) const float *xp_wasm_floats(const xp_session *s, int kind, int index);

#endif
