/* Which column of a table is which: time, leads, units, rate. */
#include "ecg/table.h"
#include "ecg/table_view.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void xp_table_free(xp_table *t) {
    free(t->values);
    free(t->columns);
    free(t->more_missing);
    xp_facts_free(&t->facts);
    *t = (xp_table){0};
}

bool xp_table_stand(xp_table *t, const xp_read_options *opt) {
    int64_t named = 0;
    for (const char *c = opt ? opt->columns : NULL; c;
         c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL)
        named++;
    if (t->n_rows >= t->n_columns || t->n_rows > XP_TABLE_COLUMNS) return true;
    if (named && named == t->n_columns) return true;
    int64_t rows = t->n_columns;
    int columns = (int)t->n_rows;
    double *v = xp_alloc_array(rows * columns, sizeof *v);
    xp_table_column *c = calloc((size_t)columns + 1, sizeof *c);
    if (!v || !c) {
        free(v);
        free(c);
        return false;
    }
    for (int64_t i = 0; i < rows; i++)
        for (int k = 0; k < columns; k++) v[i * columns + k] = t->values[k * rows + i];
    free(t->values);
    free(t->columns);
    t->values = v;
    t->columns = c;
    t->n_rows = rows;
    t->n_columns = columns;
    t->has_names = false;
    return true;
}

/* ==== names and units ======================================================================== */

static void trim(char *s) {
    size_t from = strspn(s, " \t\"'"), n = strlen(s);
    while (n > from && strchr(" \t\"'", s[n - 1])) n--;
    memmove(s, s + from, n - from);
    s[n - from] = 0;
}

static bool is_unit(const char *text) {
    static const char *const others[] = {"s",   "ms", "us",   "sec",     "msec", "seconds",
                                         "min", "hz", "mmHg", "seconde", "bpm",  "%"};
    double times, over;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcasecmp(text, others[i])) return true;
    return xp_volt_unit(text, &times, &over);
}

/* Of "I, uV" and "I in uV", behind which the unit is cut off: what joins the two. */
static void cut_joint(char *name) {
    trim(name);
    size_t n = strlen(name);
    if (n > 1 && strchr(",:;", name[n - 1])) name[n - 1] = 0;
    if (n > 3 && !strcasecmp(name + n - 3, " in")) name[n - 3] = 0;
}

void xp_table_split_name(xp_table_column *c, const char *text) {
    char copy[XP_TABLE_FIELD];
    xp_copy_text(copy, sizeof copy, text);
    trim(copy);
    size_t n = strlen(copy);
    char *unit = NULL;
    if (n && (copy[n - 1] == ')' || copy[n - 1] == ']')) {
        char *open = strrchr(copy, copy[n - 1] == ')' ? '(' : '[');
        if (open) {
            copy[n - 1] = 0;
            *open = 0;
            unit = open + 1;
        }
    } else {
        char *last = copy + n;
        while (last > copy && !strchr("_ ,/", last[-1])) last--;
        if (last > copy + 1 && is_unit(last)) {
            last[-1] = 0;
            unit = last;
            cut_joint(copy);
        }
    }
    if (unit) {
        trim(unit);
        xp_copy_text(c->units, sizeof c->units, unit);
    }
    trim(copy);
    xp_copy_text(c->name, sizeof c->name, copy);
}

/* ==== what a column is ======================================================================= */

typedef enum role { ROLE_SIGNAL, ROLE_TIME, ROLE_INDEX, ROLE_OUT } role;

typedef struct mapping {
    const char *file;
    xp_table *t;
    const xp_read_options *opt;
    role roles[XP_TABLE_COLUMNS];
    int time;      /* the column of time; -1 */
    int n_signals; /* columns */
    bool unnamed;  /* no header, no --columns */
    bool assumed;  /* the standard order of the twelve leads */
    bool no_unit;  /* of a signal */
    double rate;   /* NaN: not known */
} mapping;

static double value(const xp_table *t, int64_t row, int column) {
    return t->values[row * t->n_columns + column];
}

static bool is_one_of(const char *name, const char *const *list) {
    for (; *list; list++)
        if (!strcasecmp(name, *list)) return true;
    return false;
}

static bool counts_up(const xp_table *t, int column) {
    for (int64_t i = 0; i < t->n_rows; i++)
        if (value(t, i, column) != value(t, 0, column) + (double)i) return false;
    return true;
}

static role role_of(const xp_table *t, int column) {
    static const char *const times[] = {"time",      "t",         "times",        "zeit",
                                        "temps",     "tiempo",    "elapsed time", "elapsed_time",
                                        "timestamp", "time axis", "seconds",      "sec",
                                        "s",         "ms",        "msec",         "milliseconds",
                                        NULL};
    static const char *const indices[] = {"",
                                          "index",
                                          "sample",
                                          "samples",
                                          "sample #",
                                          "sample_index",
                                          "sample index",
                                          "n",
                                          "no",
                                          "nr",
                                          "row",
                                          "unnamed: 0",
                                          "#",
                                          "id",
                                          NULL};
    const char *name = t->columns[column].name;
    if (!strcmp(name, "-")) return ROLE_OUT;
    if (is_one_of(name, times)) return ROLE_TIME;
    if (is_one_of(name, indices) && t->has_names && counts_up(t, column)) return ROLE_INDEX;
    return ROLE_SIGNAL;
}

static void find_roles(mapping *m) {
    m->time = -1;
    m->n_signals = 0;
    for (int c = 0; c < m->t->n_columns; c++) {
        m->roles[c] = role_of(m->t, c);
        if (m->roles[c] == ROLE_TIME && m->time >= 0) m->roles[c] = ROLE_OUT;
        if (m->roles[c] == ROLE_TIME) m->time = c;
        m->n_signals += m->roles[c] == ROLE_SIGNAL;
    }
}

/* --columns in place of the names in the file: one for each column, or for each that is neither
 * time nor a count. */
static xp_status name_columns(mapping *m, xp_error *err) {
    const char *at = m->opt->columns;
    int n = 1, next = 0;
    for (const char *c = at; *c; c++) n += *c == ',';
    bool all = n == m->t->n_columns;
    if (!all && !(m->t->has_names && n == m->n_signals))
        return xp_fail(err, XP_ERR_USAGE,
                       "%s has %d columns, --columns names %d: name each, - for one to leave out",
                       m->file, m->t->n_columns, n);
    for (int c = 0; c < m->t->n_columns; c++) {
        if (!all && m->roles[c] != ROLE_SIGNAL) continue;
        char text[XP_TABLE_FIELD], units[32];
        size_t k = strcspn(at, ",");
        snprintf(text, sizeof text, "%.*s", (int)(k < sizeof text ? k : sizeof text - 1), at);
        at += k + (at[k] == ',');
        next++;
        snprintf(units, sizeof units, "%s", m->t->columns[c].units);
        m->t->columns[c] = (xp_table_column){0};
        xp_table_split_name(&m->t->columns[c], text);
        if (!m->t->columns[c].name[0] && !m->t->columns[c].units[0])
            return xp_fail(err, XP_ERR_USAGE,
                           "--columns: name %d is empty: write - to leave a "
                           "column out",
                           next);
        if (!m->t->columns[c].units[0]) snprintf(m->t->columns[c].units, 32, "%s", units);
    }
    m->t->has_names = true;
    m->unnamed = false;
    find_roles(m);
    return XP_OK;
}

/* How far column c is from a * first + b * second, over all rows. */
static double misfit(const xp_table *t, int c, double a, double b) {
    double sum = 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        double d = value(t, i, c) - a * value(t, i, 0) - b * value(t, i, 1);
        if (!isnan(d)) sum += d * d;
    }
    return sum;
}

/* Twelve columns without names come in the standard order, but for those that swap aVL and aVF:
 * where the numbers say so, the user is asked. */
static void assume_leads(mapping *m) {
    xp_table *t = m->t;
    if (t->n_columns != XP_LEAD_COUNT) return;
    double standard = misfit(t, 4, 1, -0.5) + misfit(t, 5, -0.5, 1);
    double swapped = misfit(t, 5, 1, -0.5) + misfit(t, 4, -0.5, 1);
    if (swapped * 10 < standard) return;
    for (int c = 0; c < XP_LEAD_COUNT; c++)
        snprintf(t->columns[c].name, sizeof t->columns[c].name, "%s", xp_lead_name((xp_lead_id)c));
    m->unnamed = false;
    m->assumed = true;
}

/* ==== the rate =============================================================================== */

/* Seconds of one step of a column of time; 0: it does not say. */
static double time_unit(const xp_table_column *c) {
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"s", 1},       {"sec", 1},          {"secs", 1},    {"second", 1},
                 {"seconds", 1}, {"ms", 1e-3},        {"msec", 1e-3}, {"milliseconds", 1e-3},
                 {"us", 1e-6},   {"\xc2\xb5s", 1e-6}, {"min", 60},    {"minutes", 60}};
    const char *unit = c->units[0] ? c->units : c->name;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcasecmp(unit, units[i].unit)) return units[i].seconds;
    return strchr(unit, ':') ? 1 : 0; /* hh:mm:ss */
}

/* The step of the last decimal place that the times use; 0: none is found. */
static double resolution(const xp_table *t, int column) {
    double scale = 1;
    for (int digits = 0; digits <= 6; digits++, scale *= 10) {
        bool all = true;
        for (int64_t i = 0; all && i < t->n_rows; i++) {
            double v = value(t, i, column) * scale;
            all = fabs(v - nearbyint(v)) <= 1e-9 * (1 + fabs(v));
        }
        if (all) return 1 / scale;
    }
    return 0;
}

/* The simplest rate that the times, with their rounding, allow. */
static double simple_rate(double rate, double tolerance) {
    double scale = 1;
    for (int digits = 0; digits <= 6; digits++, scale *= 10) {
        double simple = nearbyint(rate * scale) / scale;
        if (simple > 0 && fabs(simple - rate) <= tolerance * rate) return simple;
    }
    return rate;
}

static xp_status rate_of_times(mapping *m, xp_error *err) {
    const xp_table *t = m->t;
    int c = m->time;
    if (t->n_rows < 2) return XP_OK;
    double first = value(t, 0, c), span = value(t, t->n_rows - 1, c) - first;
    double step = span / (double)(t->n_rows - 1), unit = time_unit(&t->columns[c]);
    double last_place = resolution(t, c);
    for (int64_t i = 0; i < t->n_rows; i++) {
        double off = value(t, i, c) - (first + step * (double)i);
        if (!(step > 0) || !(fabs(off) <= 1.01 * last_place + 1e-3 * step))
            return xp_fail(err, XP_ERR_FORMAT,
                           "%s, row %lld: the times in column %d do not grow by equal steps "
                           "(%.6g here): give the rate with --rate, and leave the column out with "
                           "--columns",
                           m->file, (long long)i + 1, c + 1, value(t, i, c));
    }
    if (unit == 0 && step >= 1e-5 && step <= 0.05) unit = 1; /* milliseconds would be 20 kHz */
    if (unit == 0) return XP_OK;
    m->rate = simple_rate(1 / (step * unit), last_place / span + 1e-12);
    return XP_OK;
}

static xp_status agree(const mapping *m, double stated, const char *where, xp_error *err) {
    double given = m->opt ? m->opt->rate : NAN;
    if (!(given > 0) || !(stated > 0) || fabs(given - stated) <= 1e-3 * given) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "%s: %s says %g Hz, --rate says %g Hz: which is right?",
                   m->file, where, stated, given);
}

static xp_status find_rate(mapping *m, xp_error *err) {
    m->rate = NAN;
    if (m->time >= 0) XP_TRY(rate_of_times(m, err));
    XP_TRY(agree(m, m->rate, "its column of time", err));
    XP_TRY(agree(m, m->t->rate, "the text before the table", err));
    if (m->t->rate > 0) m->rate = m->t->rate;
    if (m->opt && m->opt->rate > 0) m->rate = m->opt->rate;
    return XP_OK;
}

/* ==== units ================================================================================== */

static xp_status find_units(mapping *m, xp_error *err) {
    const char *given = m->opt ? m->opt->unit : NULL;
    double times, over, t2, o2;
    if (given && !xp_volt_unit(given, &times, &over))
        return xp_fail(err, XP_ERR_USAGE, "unit \"%s\": expected uV or mV", given);
    for (int c = 0; c < m->t->n_columns; c++) {
        xp_table_column *k = &m->t->columns[c];
        if (m->roles[c] != ROLE_SIGNAL) continue;
        if (!k->units[0]) snprintf(k->units, sizeof k->units, "%s", m->t->units);
        if (!k->units[0] && given) snprintf(k->units, sizeof k->units, "%.31s", given);
        if (!k->units[0]) m->no_unit = true;
        if (given && xp_volt_unit(k->units, &t2, &o2) && t2 * over != times * o2)
            return xp_fail(
                err, XP_ERR_USAGE,
                "%s: column %d (%s) is said to be in %s, not in %s: leave the option out", m->file,
                c + 1, k->name, k->units, given);
    }
    return XP_OK;
}

/* One sentence for all that is not known. */
static xp_status ask(const mapping *m, xp_error *err) {
    bool no_rate = !(m->rate > 0);
    if (!no_rate && !m->no_unit && !m->unnamed) return XP_OK;
    if (m->opt && m->opt->view) {
        m->opt->view->asks_rate = no_rate;
        m->opt->view->asks_unit = m->no_unit;
        m->opt->view->asks_names = m->unnamed;
    }
    return xp_fail(err, XP_ERR_USAGE,
                   "%s: a table of %d column%s and %lld rows that does not say%s%s%s: give%s%s%s",
                   m->file, m->t->n_columns, m->t->n_columns == 1 ? "" : "s",
                   (long long)(m->t->n_rows + m->t->more_rows), no_rate ? " its sampling rate" : "",
                   m->no_unit ? no_rate ? ", its unit" : " its unit" : "",
                   m->unnamed ? no_rate || m->no_unit ? ", its leads" : " its leads" : "",
                   no_rate ? " --rate HZ" : "", m->no_unit ? " --unit uV (or mV)" : "",
                   m->unnamed ? " --columns I,II,..." : "");
}

/* ==== the recording ========================================================================== */

static bool is_whole(const xp_table *t, int column) {
    for (int64_t i = 0; i < t->n_rows; i++) {
        double v = value(t, i, column);
        if (!isnan(v) && (v != floor(v) || fabs(v) > 2147483646.0)) return false;
    }
    return true;
}

static bool fill_signal(xp_stored_signal *s, const xp_table *t, int column) {
    snprintf(s->name, sizeof s->name, "%s", t->columns[column].name);
    snprintf(s->units, sizeof s->units, "%s", t->columns[column].units);
    s->gain = 1;
    if (!s->digital) {
        s->n = t->n_rows;
        if (!(s->physical = xp_alloc_array(s->n, sizeof *s->physical))) return false;
    }
    for (int64_t i = 0; i < t->n_rows; i++) {
        double v = value(t, i, column);
        s->n_missing += isnan(v) != 0;
        if (s->digital)
            s->digital[i] = isnan(v) ? s->missing : (int32_t)v;
        else
            s->physical[i] = v;
    }
    return true;
}

/* Of a table whose rows were looked at and not kept: what was read of it goes, too. */
static void make_outline(xp_stored *w, const xp_table *t, const int *columns) {
    w->n_frames += t->more_rows;
    for (int i = 0; i < w->n_signals; i++) {
        xp_stored_signal *s = &w->signals[i];
        s->n = w->n_frames;
        s->n_missing += t->more_missing[columns[i]];
        free(s->physical);
        s->physical = NULL;
        s->digital = NULL;
    }
    free(w->samples);
    w->samples = NULL;
}

static xp_status make(xp_stored *w, const mapping *m, xp_error *err) {
    const xp_table *t = m->t;
    int64_t per_signal[XP_TABLE_COLUMNS] = {0};
    int columns[XP_TABLE_COLUMNS], n = 0;
    for (int c = 0; c < t->n_columns; c++) {
        if (m->roles[c] != ROLE_SIGNAL) continue;
        per_signal[n] = is_whole(t, c) ? t->n_rows : 0;
        columns[n++] = c;
    }
    xp_stored made;
    XP_TRY(xp_stored_alloc(&made, m->file, m->rate, n, per_signal, err));
    made.n_frames = t->n_rows;
    bool ok = xp_facts_copy(&made.facts, &t->facts);
    for (int i = 0; ok && i < n; i++) {
        if (!per_signal[i]) made.signals[i].digital = NULL;
        ok = fill_signal(&made.signals[i], t, columns[i]);
    }
    if (!ok) {
        xp_stored_free(&made);
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its samples", m->file);
    }
    if (t->more_missing) make_outline(&made, t, columns);
    if (m->assumed)
        xp_notice_add(&made.notices, XP_SAY_LEADS_ASSUMED, NULL,
                      XP_ARGS(xp_arg_text("file", m->file)));
    *w = made;
    return XP_OK;
}

/* Before the options change what the file says. */
static void show(const mapping *m) {
    static const char *const roles[] = {"signal", "time", "index", "out"};
    const xp_table *t = m->t;
    xp_table_view *v = m->opt ? m->opt->view : NULL;
    if (!v) return;
    *v = (xp_table_view){.is_table = true,
                         .n_columns = t->n_columns,
                         .n_rows = t->n_rows + t->more_rows,
                         .rate = t->rate};
    for (int c = 0; c < t->n_columns && c < XP_VIEW_COLUMNS; c++) {
        memcpy(v->columns[c].name, t->columns[c].name, sizeof v->columns[c].name);
        memcpy(v->columns[c].units, t->columns[c].units, sizeof v->columns[c].units);
        v->columns[c].role = roles[m->roles[c]];
        for (int i = 0; i < XP_VIEW_ROWS; i++) v->rows[i][c] = i < t->n_rows ? value(t, i, c) : NAN;
    }
}

static xp_status map_table(xp_stored *w, mapping *m, xp_error *err) {
    m->unnamed = !m->t->has_names;
    find_roles(m);
    show(m);
    if (m->opt && m->opt->columns) XP_TRY(name_columns(m, err));
    if (m->unnamed) assume_leads(m);
    if (!m->n_signals)
        return xp_fail(err, XP_ERR_FORMAT, "%s: no column of it is a signal", m->file);
    XP_TRY(find_units(m, err));
    XP_TRY(find_rate(m, err));
    XP_TRY(ask(m, err));
    return make(w, m, err);
}

xp_status xp_table_to_stored(xp_stored *w, xp_table *t, const char *file,
                             const xp_read_options *opt, xp_error *err) {
    if (!t->n_rows || !t->n_columns)
        return xp_fail(err, XP_ERR_FORMAT, "%s: no numbers in it", file);
    if (t->n_columns > XP_TABLE_COLUMNS)
        return xp_fail(err, XP_ERR_LIMIT, "%s has %d columns: expected 1 to %d", file, t->n_columns,
                       XP_TABLE_COLUMNS);
    mapping *m = calloc(1, sizeof *m);
    if (!m) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    *m = (mapping){.file = file, .t = t, .opt = opt};
    xp_status s = map_table(w, m, err);
    free(m);
    return s;
}
