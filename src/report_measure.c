#include "report_measure.h"

#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Outside these rates Bazett's correction misleads, /min. */
#define BAZETT_LOW 50
#define BAZETT_HIGH 100

/* ==== sentences ============================================================================== */

static bool bazett_misleads(const xp_measures *m) {
    const double rate = m->quantities[XP_HEART_RATE].value;
    return rate > BAZETT_HIGH || rate < BAZETT_LOW;
}

void xp_quantity_sentence(const xp_measures *m, xp_quantity_id id, char *out, size_t size) {
    const xp_quantity_type *type = xp_quantity_get(id);
    const xp_quantity *q = &m->quantities[id];
    char words[32];
    snprintf(words, sizeof words, "%s", type->text);
    if (words[0] == 'h') words[0] = 'H';
    if (isnan(q->value))
        snprintf(out, size, "%s: not measurable, %s", words, xp_reason_text(q->reason));
    else if (id == XP_QTC_BAZETT && bazett_misleads(m))
        snprintf(out, size, "%s %g %s; at this rate Bazett's formula misleads", words, q->value,
                 type->unit);
    else
        snprintf(out, size, "%s %g %s", words, q->value, type->unit);
}

/* ==== quality ================================================================================ */

static cJSON *finding_json(const xp_quality_finding *f) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "code", xp_json_text(xp_quality_name(f->code)));
    xp_json_add(o, "lead", xp_json_text_or_null(f->lead < 0 ? "" : f->lead_name));
    xp_json_add(o, "start_s", xp_json_number(f->start_s));
    xp_json_add(o, "end_s", xp_json_number(f->end_s));
    if (f->electrodes[0]) xp_json_add(o, "electrodes", xp_json_text(f->electrodes));
    xp_json_add(o, "value", xp_json_number(f->value));
    xp_json_add(o, "unit", xp_json_text(f->unit));
    xp_json_add(o, "text", xp_json_text(f->text));
    return o;
}

static cJSON *lead_quality_json(const xp_measured *r, int lead) {
    const xp_quality_lead *l = &r->quality->leads[lead];
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "lead", xp_json_text(r->record->leads[lead].name));
    xp_json_add(o, "usable", cJSON_CreateBool(l->usable));
    xp_json_add(o, "noise_uv", xp_json_number(l->noise_uv));
    xp_json_add(o, "baseline_uv", xp_json_number(l->baseline_uv));
    xp_json_add(o, "mains_uv", xp_json_number(l->mains_uv));
    xp_json_add(o, "mains_hz", xp_json_integer(l->mains_hz));
    return o;
}

static cJSON *quality_json(const xp_measured *r) {
    cJSON *o = cJSON_CreateObject(), *findings = cJSON_CreateArray(), *leads = cJSON_CreateArray();
    for (int i = 0; i < r->quality->n_findings; i++)
        xp_json_append(findings, finding_json(&r->quality->findings[i]));
    for (int i = 0; i < r->quality->n_leads; i++) xp_json_append(leads, lead_quality_json(r, i));
    xp_json_add(o, "grade", xp_json_text(xp_quality_grade_name(r->quality->grade)));
    xp_json_add(o, "findings", findings);
    xp_json_add(o, "leads", leads);
    return o;
}

/* ==== rhythm and beats ======================================================================= */

/* Tenths of a millisecond are more than a beat is known to. */
static cJSON *tenths(double v) {
    return xp_json_number(isnan(v) ? v : floor(v * 10 + 0.5) / 10);
}

static cJSON *rr_json(const xp_rr_statistics *rr) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "mean_ms", tenths(rr->mean_ms));
    xp_json_add(o, "median_ms", tenths(rr->median_ms));
    xp_json_add(o, "min_ms", tenths(rr->min_ms));
    xp_json_add(o, "max_ms", tenths(rr->max_ms));
    xp_json_add(o, "sdnn_ms", tenths(rr->sdnn_ms));
    xp_json_add(o, "rmssd_ms", tenths(rr->rmssd_ms));
    xp_json_add(o, "cv", xp_json_number(isnan(rr->cv) ? rr->cv : floor(rr->cv * 1e4 + 0.5) / 1e4));
    return o;
}

static cJSON *rhythm_json(const xp_measures *m) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "beats", xp_json_integer(m->n_beats));
    xp_json_add(o, "rr", rr_json(&m->rr));
    xp_json_add(o, "irregularity", xp_json_text_or_null(xp_irregularity_name(m->irregularity)));
    xp_json_add(o, "p_waves", xp_json_text_or_null(xp_presence_name(m->p_waves)));
    xp_json_add(o, "supraventricular_ectopic", xp_json_integer(m->n_supraventricular));
    xp_json_add(o, "ventricular_ectopic", xp_json_integer(m->n_ventricular));
    xp_json_add(o, "fusion_beats", xp_json_integer(m->n_fusion));
    xp_json_add(o, "paced", cJSON_CreateBool(m->paced));
    return o;
}

/* To a tenth of a millisecond. */
static cJSON *time_json(double beat, float offset) {
    const double s = beat + (double)offset;
    return xp_json_number(isnan(s) ? s : floor(s * 1e4 + 0.5) / 1e4);
}

static int listed_beats(const xp_measured *r) {
    return r->no_beats ? 0 : r->measures->n_beats;
}

static cJSON *wave_json(double beat, const xp_wave *w) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "onset_s", time_json(beat, w->onset));
    xp_json_add(o, "peak_s", time_json(beat, w->peak));
    xp_json_add(o, "offset_s", time_json(beat, w->offset));
    return o;
}

static cJSON *beat_json(const xp_beat *b) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "time_s", time_json(b->time_s, 0));
    xp_json_add(o, "class", xp_json_text((char[]){b->kind, 0}));
    xp_json_add(o, "symbol", xp_json_text((char[]){b->symbol, 0}));
    xp_json_add(o, "rr_s", time_json(0, b->rr_s));
    xp_json_add(o, "template", xp_json_integer_or_null(b->group < 0 ? NAN : b->group));
    xp_json_add(o, "used", cJSON_CreateBool(b->used));
    xp_json_add(o, "p", wave_json(b->time_s, &b->waves.p));
    xp_json_add(o, "qrs", wave_json(b->time_s, &b->waves.qrs));
    xp_json_add(o, "t", wave_json(b->time_s, &b->waves.t));
    return o;
}

/* ==== measurements =========================================================================== */

static cJSON *code_json(const xp_quantity_type *t) {
    cJSON *o = cJSON_CreateObject();
    if (t->mdc[0]) xp_json_add(o, "mdc", xp_json_text(t->mdc));
    if (t->scpecg[0]) xp_json_add(o, "scpecg", xp_json_text(t->scpecg));
    if (t->loinc[0]) xp_json_add(o, "loinc", xp_json_text(t->loinc));
    if (t->dcm[0]) xp_json_add(o, "dcm", xp_json_text(t->dcm));
    return o;
}

static cJSON *range_json(const xp_quantity *q) {
    if (isnan(q->low) || isnan(q->high)) return cJSON_CreateNull();
    cJSON *range = cJSON_CreateArray();
    xp_json_append(range, xp_json_number(q->low));
    xp_json_append(range, xp_json_number(q->high));
    return range;
}

static cJSON *quantity_json(const xp_measures *m, xp_quantity_id id) {
    const xp_quantity_type *type = xp_quantity_get(id);
    const xp_quantity *q = &m->quantities[id];
    char text[120];
    cJSON *o = cJSON_CreateObject();
    xp_quantity_sentence(m, id, text, sizeof text);
    xp_json_add(o, "name", xp_json_text(type->name));
    xp_json_add(o, "code", code_json(type));
    xp_json_add(o, "value", xp_json_number(q->value));
    xp_json_add(o, "unit", xp_json_text(type->unit));
    xp_json_add(o, "beats", xp_json_integer(q->beats));
    xp_json_add(o, "range", range_json(q));
    xp_json_add(o, "reliability", xp_json_text_or_null(xp_reliability_name(q->reliability)));
    xp_json_add(o, "reason", xp_json_text_or_null(xp_reason_name(q->reason)));
    xp_json_add(o, "text", xp_json_text(text));
    return o;
}

/* ==== leads ================================================================================== */

static cJSON *triple_json(double beat, const xp_wave *w) {
    if (isnan(w->peak)) return cJSON_CreateNull();
    cJSON *list = cJSON_CreateArray();
    xp_json_append(list, time_json(beat, w->onset));
    xp_json_append(list, time_json(beat, w->peak));
    xp_json_append(list, time_json(beat, w->offset));
    return list;
}

static cJSON *lead_beat_json(const xp_measures *m, int lead, int beat) {
    const double time = m->beats[beat].time_s;
    const xp_waves *waves = &m->leads[lead].beats[beat];
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "beat", xp_json_integer(beat));
    xp_json_add(o, "p", triple_json(time, &waves->p));
    xp_json_add(o, "qrs", triple_json(time, &waves->qrs));
    xp_json_add(o, "t", triple_json(time, &waves->t));
    return o;
}

/* Without its beats: those of a day are many. */
static cJSON *lead_json(const xp_measured *r, int lead) {
    const xp_lead_measures *l = &r->measures->leads[lead];
    cJSON *o = cJSON_CreateObject(), *mv = cJSON_CreateObject(), *ms = cJSON_CreateObject();
    for (int i = 0; i < XP_AMPLITUDE_COUNT; i++)
        xp_json_add(
            mv, xp_amplitude_name((xp_amplitude_id)i),
            xp_json_number(isnan(l->mv[i]) ? NAN : floor((double)l->mv[i] * 1e4 + 0.5) / 1e4));
    for (int i = 0; i <= XP_AMPLITUDE_S2; i++)
        xp_json_add(ms, xp_amplitude_name((xp_amplitude_id)i), tenths((double)l->duration_ms[i]));
    xp_json_add(o, "lead", xp_json_text(r->record->leads[lead].name));
    xp_json_add(o, "derived", cJSON_CreateBool(r->record->leads[lead].derived));
    xp_json_add(o, "reason", xp_json_text_or_null(xp_reason_name(l->reason)));
    xp_json_add(o, "amplitudes", mv);
    xp_json_add(o, "durations_ms", ms);
    xp_json_add(o, "beats", cJSON_CreateArray());
    return o;
}

/* ============================================================================================= */

/* The frequency that most leads have more of; 50 where nothing is known. */
static int mains_of(const xp_quality *q) {
    int sixty = 0, fifty = 0;
    for (int i = 0; i < q->n_leads; i++) {
        sixty += q->leads[i].mains_hz == 60;
        fifty += q->leads[i].mains_hz == 50;
    }
    return sixty > fifty ? 60 : 50;
}

/* What was done to the samples before they were measured: see measure/mains.c. */
static const char *filter_of(const xp_quality *q) {
    for (int i = 0; i < q->n_findings; i++)
        if (q->findings[i].code == XP_QUALITY_MAINS_50 ||
            q->findings[i].code == XP_QUALITY_MAINS_60)
            return "mains";
    return "none";
}

static cJSON *settings_json(const xp_measured *r) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "filter", xp_json_text(filter_of(r->quality)));
    xp_json_add(o, "mains_hz", xp_json_integer(mains_of(r->quality)));
    xp_json_add(o, "definition",
                xp_json_text("earliest onset, latest offset of all usable leads "
                             "together, by spatial velocity and projection"));
    xp_json_add(o, "beat", xp_json_text("median of the dominant class"));
    return o;
}

static cJSON *values_json(const xp_measures *m) {
    cJSON *values = cJSON_CreateArray();
    for (int i = 0; i < XP_QUANTITY_COUNT; i++)
        xp_json_append(values, quantity_json(m, (xp_quantity_id)i));
    return values;
}

static cJSON *leads_json(const xp_measured *r) {
    cJSON *leads = cJSON_CreateArray();
    for (int i = 0; i < r->measures->n_leads; i++) xp_json_append(leads, lead_json(r, i));
    return leads;
}

static void add_summary(cJSON *o, const xp_measured *r) {
    xp_json_add(o, "settings", settings_json(r));
    xp_json_add(o, "quality", quality_json(r));
    xp_json_add(o, "rhythm", rhythm_json(r->measures));
}

/* What comes before the beats. */
static cJSON *head_json(const xp_measured *r) {
    cJSON *o = xp_report_begin(r->name);
    xp_json_add(o, "rate", xp_json_number(r->record->rate));
    xp_json_add(o, "duration_s", xp_json_number((double)r->record->n / r->record->rate));
    add_summary(o, r);
    return o;
}

/* ---- the document, piece by piece ---- */

/* Write item, which is freed, without the last `open` characters of its text: more follows in it.
 */
static bool write_item(FILE *f, cJSON *item, size_t open) {
    char *text = xp_json_print(item);
    const size_t n = text ? strlen(text) : 0;
    if (text) fwrite(text, 1, n - open, f);
    cJSON_free(text);
    return text != NULL;
}

static bool write_beats(FILE *f, const xp_measured *r) {
    for (int i = 0; i < listed_beats(r); i++) {
        if (i) fputc(',', f);
        if (!write_item(f, beat_json(&r->measures->beats[i]), 0)) return false;
    }
    return true;
}

/* A lead ends in the list of its beats, which lead_json leaves empty. */
static bool write_lead(FILE *f, const xp_measured *r, int lead) {
    if (!write_item(f, lead_json(r, lead), strlen("]}"))) return false;
    for (int i = 0; r->measures->leads[lead].beats && i < listed_beats(r); i++) {
        if (i) fputc(',', f);
        if (!write_item(f, lead_beat_json(r->measures, lead, i), 0)) return false;
    }
    fputs("]}", f);
    return true;
}

static bool write_leads(FILE *f, const xp_measured *r) {
    for (int l = 0; l < r->measures->n_leads; l++) {
        if (l) fputc(',', f);
        if (!write_lead(f, r, l)) return false;
    }
    return true;
}

static bool write_document(FILE *f, const xp_measured *r) {
    if (!write_item(f, head_json(r), strlen("}"))) return false;
    fputs(",\"beats\":[", f);
    if (!write_beats(f, r)) return false;
    fputs("],\"measurements\":", f);
    if (!write_item(f, values_json(r->measures), 0)) return false;
    fputs(",\"leads\":[", f);
    if (!write_leads(f, r)) return false;
    fputs("],\"notices\":", f);
    if (!write_item(f, xp_report_notices(&r->record->notices), 0)) return false;
    fputc('}', f);
    return true;
}

xp_status xp_report_measured(FILE *f, const xp_measured *r, xp_error *err) {
    if (write_document(f, r)) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory to write the measurements");
}

cJSON *xp_report_measured_part(const xp_measured *r, const xp_error *why) {
    if (!r && !why) return cJSON_CreateNull();
    cJSON *o = cJSON_CreateObject();
    if (!r) {
        xp_json_add(o, "error", xp_report_error(why));
        return o;
    }
    add_summary(o, r);
    xp_json_add(o, "measurements", values_json(r->measures));
    xp_json_add(o, "leads", leads_json(r));
    return o;
}
