#include "ecg/write/write.h"

#include "ecg/format.h"
#include "ecg/write/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const xp_writer *xp_writer_named(const char *name) {
    for (int i = 0; xp_writers[i]; i++)
        if (!strcasecmp(xp_writers[i]->name, name)) return xp_writers[i];
    return NULL;
}

const xp_writer *xp_writer_of_file(const char *file) {
    for (int i = 0; xp_writers[i]; i++)
        if (xp_name_ends_with(file, xp_writers[i]->ending)) return xp_writers[i];
    return NULL;
}

/* ==== what may be written ==================================================================== */

enum { OLDEST = 90 }; /* whose age alone tells nobody: the rule of the US "safe harbor" */

/* The facts that are numbers stay. */
static void remove_identity(xp_stored *view, bool keep_stated) {
    xp_facts known = view->facts, kept = xp_facts_unknown();
    kept.age = known.age >= OLDEST ? OLDEST : known.age;
    kept.sex = known.sex;
    kept.high_pass = known.high_pass;
    kept.low_pass = known.low_pass;
    kept.notch = known.notch;
    kept.paper_speed = known.paper_speed;
    kept.paper_gain = known.paper_gain;
    if (keep_stated) {
        kept.statements = known.statements;
        kept.n_statements = known.n_statements;
        memcpy(kept.dx, known.dx, sizeof kept.dx);
    }
    view->facts = kept;
    view->date[0] = view->time[0] = view->name[0] = 0;
    view->comments = NULL;
    view->n_comments = 0;
    for (int i = 0; i < view->n_signals; i++) view->signals[i].file[0] = 0;
}

static void report_rounded(xp_notices *notes, const xp_stored_signal *s, const xp_writer *writer) {
    xp_notice_add(notes, XP_SAY_ROUNDED, s->name,
                  XP_ARGS(xp_arg_text("signal", s->name), xp_arg_number("step", 1 / fabs(s->gain)),
                          xp_arg_text("unit", s->units), xp_arg_text("format", writer->title)));
}

/* The view's signals with values that the writer can hold; owned[i]: memory that is new. */
static xp_status fit_signals(xp_stored *view, const xp_writer *writer, int32_t **owned,
                             xp_notices *notes, xp_error *err) {
    for (int i = 0; i < view->n_signals; i++) {
        bool rounded;
        if (!xp_fit_signal(&view->signals[i], writer->low, writer->high, &owned[i], &rounded))
            return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the samples of \"%s\"",
                           view->signals[i].name);
        if (rounded) report_rounded(notes, &view->signals[i], writer);
    }
    return XP_OK;
}

static bool has_failed(const xp_written *out) {
    for (int i = 0; i < out->n; i++)
        if (out->files[i].bytes.failed) return true;
    return false;
}

static xp_status write_view(xp_written *out, const xp_writer *writer, xp_stored *view,
                            const char *name, const xp_write_options *opt, int32_t **owned,
                            xp_error *err) {
    if (!opt->keep_identity) remove_identity(view, opt->keep_stated);
    XP_TRY(fit_signals(view, writer, owned, &out->notices, err));
    xp_copy_text(view->name, sizeof view->name, name);
    XP_TRY(writer->write(out, view, name, opt, err));
    if (has_failed(out))
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory to write %s as %s", name,
                       writer->title);
    return XP_OK;
}

xp_status xp_write(xp_written *out, const xp_writer *writer, const xp_stored *w, const char *name,
                   const xp_write_options *opt, xp_error *err) {
    static const xp_write_options defaults = {0};
    xp_stored view = *w;
    xp_written made = {0};
    if (!*name || strlen(name) > 100 || strpbrk(name, "/\\"))
        return xp_fail(err, XP_ERR_USAGE,
                       "\"%.100s\" cannot name a recording: expected 1 to 100 letters without /",
                       name);
    int32_t **owned = calloc((size_t)w->n_signals + 1, sizeof *owned);
    view.signals = calloc((size_t)w->n_signals + 1, sizeof *view.signals);
    xp_status s = owned && view.signals ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    if (s == XP_OK) {
        memcpy(view.signals, w->signals, (size_t)w->n_signals * sizeof *view.signals);
        s = write_view(&made, writer, &view, name, opt ? opt : &defaults, owned, err);
    }
    for (int i = 0; owned && i < w->n_signals; i++) free(owned[i]);
    free(owned);
    free(view.signals);
    if (s == XP_OK)
        *out = made;
    else
        xp_written_free(&made);
    return s;
}
