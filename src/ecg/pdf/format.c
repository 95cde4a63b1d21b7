/* ECGs drawn as curves in a PDF, as a row of the table of formats. */
#include "ecg/format.h"
#include "ecg/pdf/certificate.h"
#include "ecg/pdf/leads.h"
#include "ecg/pdf/names.h"
#include "ecg/pdf/open.h"
#include "ecg/pdf/page_facts.h"
#include "ecg/pdf/pages.h"
#include "ecg/table_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A file may have something in front of its first line. */
static xp_likeness sniff(const char *name, xp_bytes start) {
    static const char MARK[] = "%PDF-";
    for (size_t i = 0; i + sizeof MARK - 1 <= start.size && i < XP_SNIFF_BYTES; i++)
        if (!memcmp(start.data + i, MARK, sizeof MARK - 1)) return XP_LIKE_BY_CONTENT;
    return xp_name_ends_with(name, ".pdf") ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

/* ==== signals ================================================================================ */

/* 10 nV: finer than any drawing, and 21 mV are a 32-bit number of them. */
static const double STEPS_PER_UV = 100;

static void fill_signal(xp_stored_signal *s, const pdf_lead *l) {
    xp_copy_text(s->name, sizeof s->name, l->name);
    xp_copy_text(s->units, sizeof s->units, "uV");
    s->gain = l->steps ? 1 / (PDF_MUSE_STEP * 1000) : STEPS_PER_UV;
    for (int64_t i = 0; i < s->n; i++) {
        double v = l->mv[i] * 1000 * STEPS_PER_UV;
        if (l->steps)
            s->digital[i] = l->steps[i];
        else
            s->digital[i] = fabs(v) < 2147483647 ? (int32_t)floor(v + 0.5) : INT32_MIN;
        s->n_missing += s->digital[i] == INT32_MIN;
    }
}

/* ==== what is reported of them ================================================================ */

static void report_resolution(xp_notices *notes, const pdf_leads *l, const pdf_lead *it) {
    if (it->steps)
        xp_notice_add(
            notes, it->doubtful ? XP_SAY_DRAWN_HELD : XP_SAY_DRAWN_EXACT, it->name,
            XP_ARGS(xp_arg_number("step", PDF_MUSE_STEP * 1000), xp_arg_number("rate", l->rate)));
    else if (it->step > 0)
        xp_notice_add(
            notes, XP_SAY_DRAWN_STEP, it->name,
            XP_ARGS(xp_arg_number("step", it->step * 1000), xp_arg_number("rate", l->rate)));
    else
        xp_notice_add(notes, XP_SAY_DRAWN_RATE, it->name, XP_ARGS(xp_arg_number("rate", l->rate)));
    if (it->cut_off) xp_notice_add(notes, XP_SAY_DRAWN_CUT_OFF, it->name, XP_NO_ARGS);
    if (!it->has_zero) xp_notice_add(notes, XP_SAY_DRAWN_NO_ZERO, it->name, XP_NO_ARGS);
    if (it->by_samples) xp_notice_add(notes, XP_SAY_DRAWN_BY_SAMPLES, it->name, XP_NO_ARGS);
    if (it->differs) xp_notice_add(notes, XP_SAY_DRAWN_DIFFERS, it->name, XP_NO_ARGS);
    if (it->drawn < l->n)
        xp_notice_add(notes, XP_SAY_DRAWN_PART, it->name,
                      XP_ARGS(xp_arg_number("seconds", it->drawn / l->rate),
                              xp_arg_number("all", (double)l->n / l->rate)));
}

static void report_scale(xp_notices *notes, const pdf_scale *s) {
    const char *by = s->has_grid && s->has_pulse && s->has_words
                         ? "grid, calibration pulse and words, which agree"
                     : s->has_grid && s->has_pulse  ? "grid and calibration pulse"
                     : s->has_grid && s->has_words  ? "grid and words"
                     : s->has_pulse && s->has_words ? "calibration pulse and words, which agree"
                     : s->has_words ? "words alone, on a page taken to be printed at full size"
                                    : "calibration pulse alone, on a page taken to be printed at "
                                      "full size";
    xp_notice_add(notes, XP_SAY_DRAWN_SCALE, NULL,
                  XP_ARGS(xp_arg_number("speed", s->speed), xp_arg_number("gain", s->gain),
                          xp_arg_text("by", by)));
}

/* ==== reading ================================================================================ */

static xp_status build(xp_stored *w, const pdf_drawing *d, const pdf_leads *l, const pdf_scale *s,
                       const char *name, xp_error *err) {
    int64_t sizes[PDF_MOST_LEADS];
    for (int i = 0; i < l->count; i++) sizes[i] = l->n;
    XP_TRY(xp_stored_alloc(w, name, l->rate, l->count, sizes, err));
    w->n_frames = l->n;
    w->facts.paper_speed = s->speed > 0 ? s->speed : NAN;
    w->facts.paper_gain = s->gain;
    pdf_page_facts(&w->facts, d);
    report_scale(&w->notices, s);
    for (int i = 0; i < l->count; i++) {
        fill_signal(&w->signals[i], &l->items[i]);
        report_resolution(&w->notices, l, &l->items[i]);
    }
    if (l->unnamed)
        xp_notice_add(&w->notices, XP_SAY_DRAWN_UNNAMED, NULL,
                      XP_ARGS(xp_arg_number("curves", l->unnamed)));
    if (l->repeated_page)
        xp_notice_add(&w->notices, XP_SAY_DRAWN_AGAIN, NULL,
                      XP_ARGS(xp_arg_number("page", l->repeated_page)));
    return XP_OK;
}

/* No curve at all: a picture, or something else. */
static xp_status no_curves(const pdf_drawing *d, const char *name, xp_error *err) {
    if (d->picture_share > 0.2)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "%s: this page is a picture of an ECG, not its curves (a scan or a "
                       "screenshot): export the recording itself, or a PDF that the ECG system "
                       "writes",
                       name);
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "%s: no curve of an ECG was found on its %d page%s (%zu lines, %zu words): it "
                   "is another document, or its curves are drawn in a way that is not read",
                   name, d->n_pages, d->n_pages == 1 ? "" : "s", d->n_paths, d->n_texts);
}

/* The person whose file it is can answer. */
static void ask_scale(const xp_read_options *opt) {
    if (opt && opt->view)
        *opt->view =
            (xp_table_view){.is_table = true, .is_drawing = true, .asks_unit = true, .rate = NAN};
}

static xp_status read_drawing(xp_stored *w, const pdf_drawing *d, const char *name,
                              const xp_read_options *opt, xp_error *err) {
    pdf_traces t;
    pdf_scale scale;
    pdf_leads *leads = malloc(sizeof *leads);
    double rate = opt && opt->rate > 0 ? opt->rate : 0;
    if (!leads) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its leads", name);
    xp_status s = pdf_find_traces(&t, d, err);
    if (s != XP_OK) {
        free(leads);
        return s;
    }
    if (!t.n) s = no_curves(d, name, err);
    if (s == XP_OK) s = pdf_find_scale(&scale, d, &t, rate, opt ? opt->unit : NULL, name, err);
    if (s == XP_ERR_UNITS) ask_scale(opt);
    if (s == XP_OK) {
        pdf_name_traces(&t, d);
        s = pdf_join(leads, &t, d, &scale, rate, name, err);
        if (s == XP_OK) {
            pdf_doubt_held_leads(leads, d, &scale);
            s = build(w, d, leads, &scale, name, err);
            pdf_leads_free(leads);
        }
    }
    pdf_traces_free(&t);
    free(leads);
    return s;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    xp_bytes file;
    pdf_document doc;
    pdf_drawing d;
    XP_TRY(src->get(src->ctx, name, &file, err));
    XP_TRY(pdf_open(&doc, file, name, err));
    xp_status s = pdf_draw(&d, &doc, err);
    pdf_close(&doc);
    if (s != XP_OK) return s;
    s = read_drawing(w, &d, name, opt, err);
    pdf_drawing_free(&d);
    return s;
}

const xp_format xp_format_pdf = {
    .name = "PDF",
    .help = "A PDF is a record where an ECG's curves are drawn in it, not a picture of them.",
    .sniff = sniff,
    .read = read,
    .most_mb = 32,
};
