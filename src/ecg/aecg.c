/* HL7 annotated ECG (root element AnnotatedECG): series of sequence sets, each with a sequence of
 * times (a start and an increment) and one of digits, origin and scale for each lead. */
#include "ecg/dicom_internal.h"
#include "ecg/fields.h"
#include "ecg/format.h"
#include "ecg/xml_facts.h"
#include "ecg/xml_signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* HL7's own example has a page of comments before its root. */
static xp_likeness sniff(const char *name, xp_bytes start) {
    if (xp_xml_begins(start, "AnnotatedECG")) return XP_LIKE_BY_CONTENT;
    return xp_name_ends_with(name, ".aecg") ? XP_LIKE_BY_NAME : XP_UNLIKE;
}

/* ==== which sequences ======================================================================== */

static const xp_xml *value_of(const xp_xml *sequence) {
    return xp_xml_child(sequence, "value");
}

static bool is_lead(const xp_xml *sequence) {
    return xp_xml_child(value_of(sequence), "digits") != NULL;
}

/* Seconds of a quantity; NaN where its unit is none of time. */
static double seconds_of(const xp_xml *quantity) {
    static const struct {
        const char *unit;
        double per_second;
    } units[] = {{"s", 1}, {"ms", 1e3}, {"us", 1e6}, {"\xc2\xb5s", 1e6}, {"ns", 1e9}};
    double v = xp_xml_number(xp_xml_attr(quantity, "value"));
    const char *unit = xp_xml_attr(quantity, "unit");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(unit, units[i].unit)) return v / units[i].per_second;
    return NAN;
}

/* The sequences of a set are each in a component of their own. */
static const xp_xml *first_sequence(const xp_xml *set) {
    return xp_xml_find(set, "sequence");
}
static const xp_xml *next_sequence(const xp_xml *set, const xp_xml *sequence) {
    return xp_xml_find_next(set, sequence, "sequence");
}

static const xp_xml *time_value(const xp_xml *set) {
    const xp_xml *s = first_sequence(set);
    while (s && !xp_xml_child(value_of(s), "increment")) s = next_sequence(set, s);
    return value_of(s);
}

/* Samples a second; increments are decimals, so that rates come out next to whole numbers. */
static double rate_of(const xp_xml *set) {
    double rate = 1 / seconds_of(xp_xml_child(time_value(set), "increment"));
    return fabs(rate - round(rate)) < 1e-9 * rate ? round(rate) : rate;
}

static int count_leads(const xp_xml *set) {
    int n = 0;
    for (const xp_xml *s = first_sequence(set); s; s = next_sequence(set, s)) n += is_lead(s);
    return n;
}

/* Seconds that a set lasts, by its first lead. */
static double length_of(const xp_xml *set) {
    const xp_xml *s = first_sequence(set);
    while (s && !is_lead(s)) s = next_sequence(set, s);
    double rate = rate_of(set);
    if (!(rate > 0)) return 0;
    return (double)xp_xml_count_numbers(xp_xml_child(value_of(s), "digits")) / rate;
}

static bool is_rhythm(const xp_xml *series) {
    return !strcasecmp(xp_xml_attr(xp_xml_child(series, "code"), "code"), "RHYTHM");
}

static bool is_beat(const xp_xml *series) {
    const char *code = xp_xml_attr(xp_xml_child(series, "code"), "code");
    return !strcasecmp(code, "REPRESENTATIVE_BEAT") || !strcasecmp(code, "MEDIAN_BEAT");
}

/* What is read: one set of a series, and the others of the series that belong to it. */
typedef struct choice {
    const xp_xml *series, *set;
    double rate, length, begin; /* begin: of the earliest set, in seconds; NaN: not known */
    bool rhythm, with_others;   /* with_others: sets of other times too */
    int others;                 /* rhythms of other series or times */
} choice;

static const xp_xml *head_of(const xp_xml *set) {
    return xp_xml_child(time_value(set), "head");
}

/* "20020719141213.500-0600" */
static xp_xml_date read_time(const char *t) {
    xp_xml_date d = {.hour = -1};
    int n =
        sscanf(t, "%4d%2d%2d%2d%2d%2d", &d.year, &d.month, &d.day, &d.hour, &d.minute, &d.second);
    if (n < 3) d.year = 0;
    if (n < 5) d.hour = -1;
    return d;
}

/* When a set begins, in seconds since any time: the head is a time of day, or a quantity. */
static double begin_of(const xp_xml *set) {
    const xp_xml *head = head_of(set);
    const char *text = xp_xml_attr(head, "value");
    if (*xp_xml_attr(head, "unit")) return seconds_of(head);
    xp_xml_date d = read_time(text);
    if (d.year < 1 || d.hour < 0) return NAN;
    size_t whole = strspn(text, "0123456789");
    double part = text[whole] == '.' ? strtod(text + whole, NULL) : 0;
    return 86400 * xp_date_number((xp_date){d.year, d.month, d.day}) + 3600.0 * d.hour +
           60.0 * d.minute + d.second + part;
}

static bool same_head(const xp_xml *a, const xp_xml *b) {
    return !strcmp(xp_xml_attr(head_of(a), "value"), xp_xml_attr(head_of(b), "value"));
}

static bool belongs(const xp_xml *set, const choice *c) {
    if (set == c->set) return true;
    if (rate_of(set) != c->rate || !count_leads(set)) return false;
    return same_head(set, c->set) || (c->with_others && !isnan(begin_of(set)));
}

static void consider(choice *c, const xp_xml *series, const xp_xml *set) {
    bool rhythm = is_rhythm(series);
    double length = length_of(set);
    if (!count_leads(set)) return;
    if (c->set && (c->rhythm > rhythm || (c->rhythm == rhythm && length <= c->length))) return;
    *c = (choice){
        .series = series, .set = set, .rate = rate_of(set), .length = length, .rhythm = rhythm};
}

/* The next child "component" that holds an element of that name. */
static const xp_xml *part(const xp_xml *of, const xp_xml *after, const char *name) {
    const xp_xml *c = after ? xp_xml_next(after->parent) : xp_xml_child(of, "component");
    while (c && !xp_xml_child(c, name)) c = xp_xml_next(c);
    return xp_xml_child(c, name);
}

static const xp_xml *next_set(const xp_xml *series, const xp_xml *after) {
    return part(series, after, "sequenceSet");
}

static choice choose(const xp_xml *root) {
    choice c = {0};
    for (const xp_xml *s = part(root, NULL, "series"); s; s = part(root, s, "series")) {
        if (is_beat(s)) continue;
        for (const xp_xml *q = next_set(s, NULL); q; q = next_set(s, q)) consider(&c, s, q);
    }
    return c;
}

/* Which sets belong to the chosen one, with those of other times or without. */
static void gather(choice *c, const xp_xml *root, bool with_others) {
    c->begin = begin_of(c->set);
    c->with_others = with_others && !isnan(c->begin);
    c->others = 0;
    for (const xp_xml *s = part(root, NULL, "series"); s; s = part(root, s, "series"))
        for (const xp_xml *q = next_set(s, NULL); q; q = next_set(s, q)) {
            bool in = s == c->series && belongs(q, c);
            if (in) c->begin = fmin(c->begin, begin_of(q));
            c->others += !in && is_rhythm(s) && count_leads(q);
        }
}

/* ==== samples ================================================================================ */

/* The name by the code or, where that is no lead's, by what is displayed; codes may be MDC's
 * numbers. */
static const char *lead_name(const xp_xml *sequence) {
    const xp_xml *code = xp_xml_child(sequence, "code");
    const char *by_code = xp_xml_attr(code, "code"), *shown = xp_xml_attr(code, "displayName");
    if (xp_lead_parse(by_code) != XP_LEAD_NONE) return by_code;
    if (!*by_code || xp_lead_parse(shown) != XP_LEAD_NONE) return shown;
    xp_dicom_code number = {0};
    xp_copy_text(number.value, sizeof number.value, by_code);
    const char *lead = xp_dicom_lead_of_code(&number);
    return lead ? lead : by_code;
}

/* How many of a unit make a volt; 0 for what is no voltage. */
static double per_volt(const char *unit) {
    static const struct {
        const char *unit;
        double n;
    } units[] = {{"V", 1},    {"mV", 1e3},        {"uV", 1e6},
                 {"nV", 1e9}, {"\xc2\xb5V", 1e6}, {"\xce\xbcV", 1e6}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcasecmp(unit, units[i].unit)) return units[i].n;
    return 0;
}

/* value = origin + scale * digit, where the units of the two may differ. */
static xp_status set_scale(xp_xml_signal *s, const xp_xml_document *doc, const xp_xml *value,
                           xp_error *err) {
    const xp_xml *scale = xp_xml_child(value, "scale"), *origin = xp_xml_child(value, "origin");
    double step = xp_xml_number(xp_xml_attr(scale, "value"));
    double zero = xp_xml_number(xp_xml_attr(origin, "value"));
    double here = per_volt(s->units), there = per_volt(xp_xml_attr(origin, "unit"));
    if (isnan(step) || step == 0 || !*s->units)
        return xp_xml_fail(doc, scale ? scale : value, err,
                           "gives lead %s the scale \"%.40s\" %.20s: expected a number other than "
                           "0, and a unit such as uV",
                           s->name, xp_xml_attr(scale, "value"), s->units);
    if (isnan(zero)) zero = 0;
    if (here && there) zero *= here / there;
    s->gain = 1 / step;
    s->baseline = zero == 0 ? 0 : -zero / step;
    if (!isfinite(s->gain) || !isfinite(s->baseline))
        return xp_xml_fail(doc, value, err, "has an origin or a scale out of all bounds");
    return XP_OK;
}

static xp_status read_sequence(xp_xml_signals *list, const xp_xml_document *doc,
                               const xp_xml *sequence, xp_error *err) {
    const xp_xml *value = value_of(sequence);
    const char *units = xp_xml_attr(xp_xml_child(value, "scale"), "unit");
    xp_xml_signal *s;
    XP_TRY(xp_xml_add_signal(&s, list, doc, sequence, lead_name(sequence), units, err));
    XP_TRY(set_scale(s, doc, value, err));
    return xp_xml_take_numbers(s, doc, xp_xml_child(value, "digits"), err);
}

/* Samples before a set's first; beyond all bounds where it is too far away to be joined. */
static int64_t start_of_set(const xp_xml *set, const choice *c) {
    double start = c->with_others ? round((begin_of(set) - c->begin) * c->rate) : 0;
    return start < 1e12 ? (int64_t)start : (int64_t)1e12;
}

static xp_status read_sets(xp_xml_signals *list, const xp_xml_document *doc, const choice *c,
                           xp_error *err) {
    for (const xp_xml *q = next_set(c->series, NULL); q; q = next_set(c->series, q)) {
        if (!belongs(q, c)) continue;
        for (const xp_xml *s = first_sequence(q); s; s = next_sequence(q, s)) {
            if (!is_lead(s)) continue;
            XP_TRY(read_sequence(list, doc, s, err));
            list->items[list->n - 1].start = start_of_set(q, c);
        }
    }
    return XP_OK;
}

/* The sets of all times of the series, or, where these lie far apart, those of the chosen one's. */
static xp_status read_signals(xp_xml_signals *list, const xp_xml_document *doc, choice *c,
                              xp_error *err) {
    gather(c, doc->root, true);
    XP_TRY(read_sets(list, doc, c, err));
    bool one = true;
    for (int i = 0; i < list->n; i++) one &= list->items[i].start == list->items[0].start;
    if (one) return XP_OK;
    xp_status s = xp_xml_join(list, doc, err);
    if (s != XP_ERR_LIMIT) return s;
    xp_xml_signals_free(list);
    gather(c, doc->root, false);
    return read_sets(list, doc, c, err);
}

static xp_status check_time(const xp_xml_document *doc, const choice *c, xp_error *err) {
    const xp_xml *time = time_value(c->set), *increment = xp_xml_child(time, "increment");
    if (c->rate > 0) return XP_OK;
    if (!increment)
        return xp_xml_fail(doc, c->set, err,
                           "has no time with an increment (GLIST_TS or GLIST_PQ), so that its "
                           "sampling rate is not known: export it again");
    return xp_xml_fail(doc, increment, err,
                       "has the value \"%.40s\" and the unit \"%.20s\": expected the time from one "
                       "sample to the next, in s, ms or us",
                       xp_xml_attr(increment, "value"), xp_xml_attr(increment, "unit"));
}

/* ==== facts ================================================================================== */

/* When the series begins, else the recording. */
static const char *start_of(const xp_xml *root, const xp_xml *series) {
    static const char *const paths[] = {"effectiveTime/low", "effectiveTime/center",
                                        "effectiveTime"};
    const xp_xml *from[] = {series, root};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++) {
            const char *t = xp_xml_attr(xp_xml_child(from[i], paths[k]), "value");
            if (*t) return t;
        }
    return "";
}

/* A name is a text, or has parts. */
static void read_name(xp_facts *f, const xp_xml *name) {
    const char *family = xp_xml_text(name, "family");
    if (*family)
        xp_xml_person(f, family, xp_xml_text(name, "given"));
    else if (name)
        xp_xml_person(f, name->text, "");
}

/* The age that was reported has LOINC's code 21612-7. */
static void read_age(xp_facts *f, const xp_xml *root) {
    const xp_xml *o = xp_xml_find(root, "relatedObservation");
    for (; o && isnan(f->age); o = xp_xml_find_next(root, o, "relatedObservation")) {
        const xp_xml *value = xp_xml_child(o, "value");
        const char *code = xp_xml_attr(xp_xml_child(o, "code"), "code");
        if (!strcmp(code, "21612-7") || !strcmp(code, "30525-0"))
            xp_xml_age(f, xp_xml_number(xp_xml_attr(value, "value")), xp_xml_attr(value, "unit"));
    }
}

static void read_person(xp_facts *f, const xp_xml *root) {
    const xp_xml *subject = xp_xml_find(root, "trialSubject");
    const xp_xml *person = xp_xml_find(subject, "subjectDemographicPerson");
    xp_xml_copy(f->patient_id, sizeof f->patient_id,
                xp_xml_attr(xp_xml_child(subject, "id"), "extension"));
    read_name(f, xp_xml_child(person, "name"));
    xp_xml_sex(f, xp_xml_attr(xp_xml_child(person, "administrativeGenderCode"), "code"));
    xp_xml_birth(f, read_time(xp_xml_attr(xp_xml_child(person, "birthTime"), "value")));
    read_age(f, root);
    xp_xml_age_by_dates(f);
}

/* The frequency among the parts of a filter. */
static double filter_frequency(const xp_xml *filter) {
    const xp_xml *v = xp_xml_find(filter, "value");
    while (v && isnan(xp_xml_number(xp_xml_attr(v, "value"))))
        v = xp_xml_find_next(filter, v, "value");
    return xp_xml_number(xp_xml_attr(v, "value"));
}

static void read_filters(xp_facts *f, const xp_xml *series) {
    const xp_xml *v = xp_xml_child(series, "controlVariable");
    for (; v; v = xp_xml_next(v)) {
        const xp_xml *own = xp_xml_child(v, "controlVariable");
        const char *code = xp_xml_attr(xp_xml_child(own ? own : v, "code"), "code");
        if (strstr(code, "FILTER_LOW_PASS")) f->low_pass = filter_frequency(v);
        if (strstr(code, "FILTER_HIGH_PASS")) f->high_pass = filter_frequency(v);
        if (strstr(code, "FILTER_NOTCH")) f->notch = filter_frequency(v);
    }
    xp_xml_filter_words(f);
}

static void read_device(xp_facts *f, const xp_xml *series) {
    const xp_xml *author = xp_xml_child(series, "author");
    const xp_xml *model = xp_xml_find(author, "manufacturerModelName");
    const char *maker = xp_xml_text(xp_xml_find(author, "manufacturerOrganization"), "name");
    char words[sizeof f->device];
    snprintf(words, sizeof words, "%.60s %.30s", maker, model ? model->text : "");
    xp_xml_copy(f->device, sizeof f->device, words);
}

/* ==== annotations ============================================================================ */

static const struct {
    const char *code, *name, *unit;
} measures[] = {
    {"MDC_ECG_HEART_RATE", "heart_rate", "/min"},
    {"MDC_ECG_TIME_PD_RR", "rr_interval", "ms"},
    {"MDC_ECG_TIME_PD_P", "p_duration", "ms"},
    {"MDC_ECG_TIME_PD_PR", "pr_interval", "ms"},
    {"MDC_ECG_TIME_PD_QRS", "qrs_duration", "ms"},
    {"MDC_ECG_TIME_PD_QT", "qt_interval", "ms"},
    {"MDC_ECG_TIME_PD_QTc", "qtc", "ms"},
    {"MDC_ECG_TIME_PD_QTcB", "qtc_bazett", "ms"},
    {"MDC_ECG_TIME_PD_QTcF", "qtc_fridericia", "ms"},
    {"MDC_ECG_ANGLE_P_FRONT", "p_axis", "deg"},
    {"MDC_ECG_ANGLE_QRS_FRONT", "qrs_axis", "deg"},
    {"MDC_ECG_ANGLE_T_FRONT", "t_axis", "deg"},
};

static bool is_stated(const xp_facts *f, const char *name) {
    for (int i = 0; i < f->n_statements; i++)
        if (!strcmp(f->statements[i].name, name)) return true;
    return false;
}

/* The first of several values of a name: the others are of single beats. */
static bool state_value(xp_facts *f, const char *code, const xp_xml *value) {
    double v = xp_xml_number(xp_xml_attr(value, "value"));
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        if (strcasecmp(code, measures[i].code) || isnan(v)) continue;
        double seconds = strcmp(measures[i].unit, "ms") ? NAN : seconds_of(value);
        if (!isnan(seconds)) v = seconds * 1e3;
        return is_stated(f, measures[i].name) ||
               xp_facts_state(f, measures[i].name, v, measures[i].unit, NULL);
    }
    return true;
}

/* local: it is about a lead or a part of the time. */
static bool state_annotation(xp_facts *f, const xp_xml *annotation, bool local) {
    const xp_xml *value = xp_xml_child(annotation, "value");
    const char *code = xp_xml_attr(xp_xml_child(annotation, "code"), "code");
    if (!strcasecmp(code, "MDC_ECG_INTERPRETATION_STATEMENT"))
        return xp_xml_state_text(f, "statement", value ? value->text : "");
    if (!strcasecmp(code, "MDC_ECG_INTERPRETATION_COMMENT"))
        return xp_xml_state_text(f, "comment", value ? value->text : "");
    if (!strcasecmp(code, "MDC_ECG_RHY") || !strcasecmp(code, "MDC_ECG_BEAT"))
        return is_stated(f, "annotation") ||
               xp_xml_state_text(f, "annotation", xp_xml_attr(value, "displayName"));
    return local || state_value(f, code, value);
}

static bool state_below(xp_facts *f, const xp_xml *e, bool local) {
    for (const xp_xml *c = e->child; c; c = c->next) {
        bool inside = local;
        if (!strcasecmp(c->name, "annotation")) {
            inside |= xp_xml_child(c, "support/supportingROI/component/boundary") != NULL;
            if (!state_annotation(f, c, inside)) return false;
        }
        if (!state_below(f, c, inside)) return false;
    }
    return true;
}

static bool state_annotations(xp_facts *f, const xp_xml *series) {
    const xp_xml *s = xp_xml_child(series, "subjectOf");
    for (; s; s = xp_xml_next(s))
        if (!state_below(f, s, false)) return false;
    return true;
}

/* ==== the recording ========================================================================== */

static bool read_facts(xp_facts *f, const xp_xml *root, const choice *c) {
    xp_xml_start(f, read_time(start_of(root, c->series)));
    read_person(f, root);
    read_device(f, c->series);
    read_filters(f, c->series);
    return state_annotations(f, c->series);
}

static xp_status no_series(const xp_xml_document *doc, xp_error *err) {
    return xp_xml_fail(doc, doc->root, err,
                       "has no <series> with the digits of a lead (representative beats are no "
                       "recording): export the recording again, with its rhythm");
}

static xp_status make(xp_stored *w, const char *name, const xp_xml_document *doc, xp_error *err) {
    choice c = choose(doc->root);
    xp_xml_signals list = {0};
    if (!c.set) return no_series(doc, err);
    XP_TRY(check_time(doc, &c, err));
    xp_status s = read_signals(&list, doc, &c, err);
    if (s == XP_OK) s = xp_xml_to_stored(w, name, c.rate, &list, doc, err);
    xp_xml_signals_free(&list);
    if (s != XP_OK) return s;
    w->format = "HL7 aECG";
    if (c.others)
        xp_notice_add(&w->notices, XP_SAY_OTHER_BLOCKS, NULL,
                      XP_ARGS(xp_arg_number("blocks", c.others + 1),
                              xp_arg_number("seconds", (double)w->n_frames / w->rate),
                              xp_arg_number("rate", w->rate)));
    return read_facts(&w->facts, doc->root, &c) ? XP_OK : xp_xml_no_memory(doc, err);
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    return xp_xml_read(w, src, name, make, opt && opt->no_samples, err);
}

const xp_format xp_format_aecg = {
    .name = "HL7 aECG",
    .help = "An HL7 annotated ECG is one .xml file.",
    .sniff = sniff,
    .read = read,
};
