/* The public documents: what is known of a recording, a model and an analysis of the one by the
 * other, as `xplaim explain --json` and `predict --json` print it and as the page and the ES module
 * hand it out. tools/schema describes them.
 *
 * A cJSON that is returned is the caller's, for xp_json_print: whole, or refused there when memory
 * ran out. Nothing that is handed in is kept. */
#ifndef XP_REPORT_H
#define XP_REPORT_H

#include "attribution.h"
#include "base/json.h"
#include "explain.h"

/* {"record"?, "disclaimer"}: what every document begins with; record may be NULL. */
cJSON *xp_report_begin(const char *record);

/* That, and {"error": {code, text}}: an input that failed; without a record, what ended the work.
 */
cJSON *xp_report_failure(const char *record, const xp_error *err);

/* {code, text}. */
cJSON *xp_report_error(const xp_error *err);

/* The parts that several documents share. sha256: of the model's file, 64 digits; "": not known. */
cJSON *xp_report_model(const xp_model *m, const char *sha256);
cJSON *xp_report_label(const xp_label *l,
                       xp_operating_point point); /* point: of its model, in use */
cJSON *xp_report_notices(const xp_notices *notices);
cJSON *xp_report_window(const xp_input *in, int window);

/* What is reported of a model: untrained, scores, what was assumed of its input. Appends to out. */
void xp_report_model_notices(xp_notices *out, const xp_model *m);

/* What is reported with an analysis: of the model, of the recording (may be NULL), of its
 * preparation. out must be zeroed; it is freed with xp_notices_free. */
void xp_report_gather(xp_notices *out, const xp_model *m, const xp_notices *recorded,
                      const xp_analysis *a);

/* An analysis and what it is of. */
typedef struct xp_report {
    const char *record; /* its name or path */
    const xp_model *model;
    const char *model_sha256;
    const xp_analysis *analysis;
    const xp_notices *notices; /* of xp_report_gather */
    int label;                 /* the one that was asked for; -1: all */
} xp_report;

/* Probabilities alone: schema/predict. */
cJSON *xp_report_prediction(const xp_report *r);

/* With maps: schema/explain. */
typedef struct xp_report_maps_options {
    const char *layer; /* that the maps are of */
    bool is_signed;    /* values raw; the analysis is not normalised then */
    bool no_values;    /* "values" are empty */
    float *scratch;    /* (map_length); NULL where the analysis is normalised */
} xp_report_maps_options;
cJSON *xp_report_maps(const xp_report *r, const xp_report_maps_options *opt);

/* With evidence by lead: schema/explain. The document's part "evidence" is begun, given window
 * after window, and handed over at the end. */
typedef struct xp_report_evidence {
    const char *method;   /* "occlusion", "ig" */
    const char *baseline; /* "zero", "mean" */
    double segment_s;     /* NaN: whole leads */
    int segments;         /* of a lead */
    int first_label, n_labels;
} xp_report_evidence;
cJSON *xp_report_evidence_begin(const xp_report_evidence *e);

/* values (n_labels, leads of the model, segments) logits; info (n_labels), NULL for occlusion. */
void xp_report_evidence_window(cJSON *evidence, const xp_report_evidence *e, const xp_report *r,
                               int window, const float *values, const xp_ig_info *info);
cJSON *xp_report_evidence_end(const xp_report *r, cJSON *evidence);

/* What the page needs to know of an open recording and of the loaded model. layer: op that is
 * explained, -1: none; bytes: that running it takes. */
cJSON *xp_report_recording(const xp_record *rec);

/* When, by which device and with which filters it was recorded, and how it is to be drawn: added to
 * o. What is not known is null. */
void xp_report_add_acquisition(cJSON *o, const xp_facts *f);

/* What the file states, without who it is of: a part of xp_report_recording. */
cJSON *xp_report_facts(const xp_facts *f);
cJSON *xp_report_loaded(const xp_model *m, const char *sha256, int layer, size_t bytes);

#endif
