/* Philips Sierra and Philips ECG XML 1.03 and 1.04 (root element restingecgdata): all leads in one
 * text of base64, compressed by XLI, the limb leads but I and II as differences from what follows
 * from these. */
#include "ecg/format.h"
#include "ecg/xli.h"
#include "ecg/xml_facts.h"
#include "ecg/xml_signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static xp_likeness sniff(const char *name, xp_bytes start) {
    (void)name;
    return xp_xml_begins(start, "restingecgdata") ? XP_LIKE_BY_CONTENT : XP_UNLIKE;
}

/* ==== what is reported of the samples ========================================================= */

typedef struct layout {
    const xp_xml *waveforms, *signal; /* parsedwaveforms; signalcharacteristics */
    double rate, resolution;          /* resolution: uV; NaN where it is not stated */
    int64_t most;                     /* samples of a lead that are stated; 0: not stated */
    const char *labels;
} layout;

/* A number by an attribute of the waveforms (1.04) or an element of the signal (1.03). */
static double number_of(const layout *l, const char *attribute, const char *element) {
    double v = xp_xml_number(xp_xml_attr(l->waveforms, attribute));
    return isnan(v) ? xp_xml_number(xp_xml_text(l->signal, element)) : v;
}

static layout read_layout(const xp_xml *root) {
    layout l = {.waveforms = xp_xml_child(root, "waveforms/parsedwaveforms"),
                .signal = xp_xml_child(root, "dataacquisition/signalcharacteristics")};
    l.rate = number_of(&l, "samplespersecond", "samplingrate");
    l.resolution = number_of(&l, "resolution", "resolution");
    if (isnan(l.resolution))
        l.resolution = xp_xml_number(xp_xml_text(l.signal, "signalresolution"));
    double samples = xp_xml_number(xp_xml_attr(l.waveforms, "durationperchannel")) * l.rate / 1e3;
    l.most = samples >= 1 && samples < 1e9 ? (int64_t)samples : samples >= 1e9 ? INT32_MAX : 0;
    l.labels = xp_xml_attr(l.waveforms, "leadlabels");
    if (!*l.labels) l.labels = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6";
    return l;
}

static xp_status check_layout(const xp_xml_document *doc, const layout *l, xp_error *err) {
    const xp_xml *w = l->waveforms;
    const char *method = xp_xml_attr(w, "compression");
    if (!*method) method = xp_xml_attr(w, "compressmethod");
    if (!w)
        return xp_xml_fail(
            doc, doc->root, err,
            "has no <parsedwaveforms>: export the recording again, with its waveforms");
    bool plain = !strcasecmp(xp_xml_attr(w, "compressflag"), "False");
    if (strcasecmp(method, "XLI") || plain)
        return xp_xml_fail(doc, w, err,
                           "has samples compressed by \"%.40s\"%s: only XLI is read; export the "
                           "recording as XML 1.03 or 1.04",
                           method, plain ? ", and says that they are not (compressflag)" : "");
    if (!(l->rate > 0))
        return xp_xml_fail(doc, w, err,
                           "has the sampling rate \"%.40s\": expected samples per second",
                           xp_xml_attr(w, "samplespersecond"));
    if (!isnan(l->resolution) && !(l->resolution >= 1e-3 && l->resolution <= 1e6))
        return xp_xml_fail(doc, w, err, "has a resolution of %g uV: expected 0.001 to 1e6",
                           l->resolution);
    return XP_OK;
}

/* ==== samples ================================================================================ */

static xp_status take_chunk(xp_xml_signal *s, xp_cursor *c, int64_t most, xp_error *err) {
    int16_t *v;
    XP_TRY(xp_xli_read(c, &v, &s->n, most ? most : INT32_MAX, err));
    s->digital = xp_alloc_array(s->n, sizeof *s->digital);
    for (int64_t i = 0; s->digital && i < s->n; i++) s->digital[i] = v[i];
    free(v);
    if (!s->digital) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    if (s->n < 2 || s->n < most)
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "it has %lld samples, the file says %lld: the file is cut, copy it again",
                       (long long)s->n, (long long)most);
    return XP_OK;
}

/* A chunk for each label; more chunks than labels are leads that were not connected. */
static xp_status read_leads(xp_xml_signals *list, const xp_xml_document *doc, const layout *l,
                            xp_bytes bytes, xp_error *err) {
    xp_cursor c = xp_cursor_make(bytes);
    const char *t = l->labels;
    for (t += strspn(t, " \t\r\n,"); *t; t += strspn(t, " \t\r\n,")) {
        char name[32];
        size_t n = strcspn(t, " \t\r\n,"), at = c.at;
        snprintf(name, sizeof name, "%.*s", (int)(n < 31 ? n : 31), t);
        t += n;
        xp_xml_signal *s;
        XP_TRY(xp_xml_add_signal(&s, list, doc, l->waveforms, name, "uV", err));
        s->gain = 1 / (isnan(l->resolution) ? 5 : l->resolution);
        xp_status status = take_chunk(s, &c, l->most, err);
        if (status != XP_OK)
            return xp_fail_prefix(err, status, "%s line %d, <%s> byte %zu, lead %s", doc->file,
                                  l->waveforms->line, l->waveforms->name, at, name);
    }
    return XP_OK;
}

/* ---- the limb leads ---- */

static xp_xml_signal *find(xp_xml_signals *list, xp_lead_id id) {
    for (int i = 0; i < list->n; i++)
        if (xp_lead_parse(list->items[i].name) == id) return &list->items[i];
    return NULL;
}

/* Half of a sum, rounded down as the maker does. */
static int32_t half(int32_t v) {
    return (v - (v & 1)) / 2;
}

/* What follows from I and II at a sample, minus what is stored of the lead. */
static void rebuild(xp_xml_signal *s, xp_lead_id id, const int32_t *i, const int32_t *ii,
                    const int32_t *iii) {
    for (int64_t k = 0; k < s->n; k++) {
        int32_t by_rule = id == XP_LEAD_III   ? ii[k] - i[k]
                          : id == XP_LEAD_AVR ? -half(i[k] + ii[k])
                          : id == XP_LEAD_AVL ? half(i[k] - iii[k])
                                              : half(ii[k] + iii[k]);
        s->digital[k] = by_rule - s->digital[k];
    }
}

static xp_status rebuild_limb_leads(xp_xml_signals *list, const xp_xml_document *doc,
                                    const layout *l, xp_error *err) {
    static const xp_lead_id ids[] = {XP_LEAD_III, XP_LEAD_AVR, XP_LEAD_AVL, XP_LEAD_AVF};
    const xp_xml_signal *i = find(list, XP_LEAD_I), *ii = find(list, XP_LEAD_II), *iii = NULL;
    for (int k = 0; k < 4; k++) {
        xp_xml_signal *s = find(list, ids[k]);
        if (!s) continue;
        if (k == 0) iii = s;
        if (!i || !ii || (k > 1 && !iii) || i->n < s->n || ii->n < s->n || (k > 1 && iii->n < s->n))
            return xp_xml_fail(doc, l->waveforms, err,
                               "has lead %s, but not I, II and III as long as it, from which it is "
                               "made: export the recording again",
                               s->name);
        rebuild(s, ids[k], i->digital, ii->digital, iii ? iii->digital : NULL);
    }
    return XP_OK;
}

/* ---- the calibration pulse ---- */

/* From before `end` (exclusive) down: how many samples are v. */
static int64_t run_of(const xp_xml_signal *s, int64_t end, int32_t v) {
    int64_t n = 0;
    while (n < end && s->digital[end - 1 - n] == v) n++;
    return n;
}

/* Whether a lead ends with 1 mV between zeros, all within the last second. */
static bool ends_with_pulse(const xp_xml_signal *s, int64_t second) {
    int32_t height = (int32_t)lround(1000 * s->gain);
    int64_t after = run_of(s, s->n, 0), pulse = run_of(s, s->n - after, height);
    int64_t before = run_of(s, s->n - after - pulse, 0);
    return height && after && pulse >= second / 20 && before && after + pulse < second;
}

/* The recorders add a second to the ten, with a calibration pulse: it is no ECG. */
static bool cut_calibration(xp_xml_signals *list, double rate) {
    int64_t second = (int64_t)lround(rate < 1e6 ? rate : 1e6);
    bool pulse = list->n > 0;
    for (int i = 0; i < list->n && pulse; i++) {
        const xp_xml_signal *s = &list->items[i];
        xp_lead_id id = xp_lead_parse(s->name);
        bool rebuilt = id >= XP_LEAD_III && id <= XP_LEAD_AVF;
        pulse = s->n > second && (rebuilt || ends_with_pulse(s, second));
    }
    for (int i = 0; i < list->n && pulse; i++) list->items[i].n -= second;
    return pulse;
}

/* ==== facts ================================================================================== */

/* 1.04, and with "mean" before them 1.03. */
static const xp_xml_measure measures[] = {
    {"heartrate", "heart_rate", "/min"},
    {"atrialrate", "atrial_rate", "/min"},
    {"rrint", "rr_interval", "ms"},
    {"pdur", "p_duration", "ms"},
    {"print", "pr_interval", "ms"},
    {"meanprint", "pr_interval", "ms"},
    {"qrsdur", "qrs_duration", "ms"},
    {"meanqrsdur", "qrs_duration", "ms"},
    {"qtint", "qt_interval", "ms"},
    {"meanqtint", "qt_interval", "ms"},
    {"qtcb", "qtc_bazett", "ms"},
    {"qtcf", "qtc_fridericia", "ms"},
    {"meanqtc", "qtc", "ms"},
    {"pfrontaxis", "p_axis", "deg"},
    {"qrsfrontaxis", "qrs_axis", "deg"},
    {"tfrontaxis", "t_axis", "deg"},
    {NULL, NULL, NULL},
};

static bool state_interpretation(xp_facts *f, const xp_xml *i) {
    if (!xp_xml_state_measures(f, xp_xml_child(i, "globalmeasurements"), measures) ||
        !xp_xml_state_measures(f, xp_xml_child(i, "interpretationmeasurements"), measures) ||
        !xp_xml_state_text(f, "statement", xp_xml_text(i, "severity")))
        return false;
    for (const xp_xml *s = xp_xml_child(i, "statement"); s; s = xp_xml_next(s)) {
        char words[512];
        const char *left = xp_xml_text(s, "leftstatement"),
                   *right = xp_xml_text(s, "rightstatement");
        snprintf(words, sizeof words, "%.240s%s%.240s", left, *left && *right ? ", " : "", right);
        if (!xp_xml_state_text(f, "statement", words)) return false;
    }
    return true;
}

static xp_xml_date read_date(const char *date, const char *time) {
    xp_xml_date d = {.hour = -1};
    if (sscanf(date, "%4d-%2d-%2d", &d.year, &d.month, &d.day) != 3) d.year = 0;
    if (sscanf(time, "%2d:%2d:%2d", &d.hour, &d.minute, &d.second) < 2) d.hour = -1;
    return d;
}

static void read_person(xp_facts *f, const xp_xml *person) {
    const xp_xml *age = xp_xml_child(person, "age");
    xp_xml_copy(f->patient_id, sizeof f->patient_id, xp_xml_text(person, "patientid"));
    xp_xml_person(f, xp_xml_text(person, "name/lastname"), xp_xml_text(person, "name/firstname"));
    xp_xml_birth(f, read_date(xp_xml_text(age, "dateofbirth"), ""));
    xp_xml_age(f, xp_xml_number(xp_xml_text(age, "years")), "");
    xp_xml_sex(f, xp_xml_text(person, "sex"));
}

/* Of the samples; what the report was drawn with is another matter. */
static void read_filters(xp_facts *f, const layout *l) {
    double low, high;
    f->high_pass = number_of(l, "hipass", "hipass");
    f->low_pass = number_of(l, "lowpass", "lowpass");
    if (sscanf(xp_xml_text(l->signal, "signalbandwidth"), "%lf-%lf", &low, &high) == 2) {
        f->high_pass = low;
        f->low_pass = high;
    }
    if (!strcasecmp(xp_xml_attr(l->waveforms, "notchfiltered"), "True"))
        f->notch = number_of(l, "notchfilterfreqs", "acsetting");
    xp_xml_filter_words(f);
}

static bool read_facts(xp_facts *f, const xp_xml *root, const layout *l) {
    const xp_xml *taken = xp_xml_child(root, "dataacquisition");
    const xp_xml *gain = xp_xml_child(root, "reportinfo/reportgain");
    xp_xml_start(f, read_date(xp_xml_attr(taken, "date"), xp_xml_attr(taken, "time")));
    read_person(f, xp_xml_child(root, "patient/generalpatientdata"));
    xp_xml_age_by_dates(f);
    snprintf(f->device, sizeof f->device, "Philips %.80s", xp_xml_text(taken, "machine"));
    f->paper_gain = xp_xml_number(xp_xml_text(gain, "amplitudegain/overallgain"));
    f->paper_speed = xp_xml_number(xp_xml_text(gain, "timegain"));
    read_filters(f, l);
    return state_interpretation(f, xp_xml_child(root, "interpretations/interpretation"));
}

/* ==== the recording ========================================================================== */

static xp_status read_signals(xp_xml_signals *list, const xp_xml_document *doc, const layout *l,
                              xp_error *err) {
    uint8_t *bytes;
    size_t n;
    XP_TRY(xp_xml_base64(doc, l->waveforms, &bytes, &n, err));
    xp_status s = read_leads(list, doc, l, (xp_bytes){bytes, n}, err);
    free(bytes);
    return s == XP_OK ? rebuild_limb_leads(list, doc, l, err) : s;
}

static void tell(xp_stored *w, const xp_xml_document *doc, const layout *l, bool cut) {
    if (cut) xp_notice_add(&w->notices, XP_SAY_CALIBRATION_LEFT_OUT, NULL, XP_NO_ARGS);
    for (int i = 0; i < w->n_signals && isnan(l->resolution); i++) {
        xp_stored_signal *s = &w->signals[i];
        s->calibrated = false;
        xp_notice_add(&w->notices, XP_SAY_UNCALIBRATED, s->name,
                      XP_ARGS(xp_arg_text("file", doc->file), xp_arg_number("line", s->line),
                              xp_arg_number("gain", s->gain), xp_arg_text("units", s->units),
                              xp_arg_text("absent", "resolution")));
    }
}

static xp_status make(xp_stored *w, const char *name, const xp_xml_document *doc, xp_error *err) {
    layout l = read_layout(doc->root);
    xp_xml_signals list = {0};
    XP_TRY(check_layout(doc, &l, err));
    xp_status s = read_signals(&list, doc, &l, err);
    bool cut = s == XP_OK && cut_calibration(&list, l.rate);
    if (s == XP_OK) s = xp_xml_to_stored(w, name, l.rate, &list, doc, err);
    xp_xml_signals_free(&list);
    if (s != XP_OK) return s;
    w->format = "Philips XML";
    tell(w, doc, &l, cut);
    return read_facts(&w->facts, doc->root, &l) ? XP_OK : xp_xml_no_memory(doc, err);
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    (void)opt; /* the file says it all */
    return xp_xml_read(w, src, name, make, false, err);
}

const xp_format xp_format_philips = {
    .name = "Philips XML",
    .help = "A Philips Sierra record is one .xml file.",
    .sniff = sniff,
    .read = read,
    .most_mb = 16,
};
