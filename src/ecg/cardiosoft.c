/* GE CardioSoft XML (root element CardiologyXML): decimal numbers, of a strip with a list for each
 * lead, or of a full disclosure with a second of each lead in turn. */
#include "ecg/format.h"
#include "ecg/xml_facts.h"
#include "ecg/xml_signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static xp_likeness sniff(const char *name, xp_bytes start) {
    (void)name;
    return xp_xml_begins(start, "CardiologyXML") ? XP_LIKE_BY_CONTENT : XP_UNLIKE;
}

/* ==== samples ================================================================================ */

/* Hz; NaN where the file does not say it. */
static double rate_of(const xp_xml *part) {
    const xp_xml *e = xp_xml_child(part, "SampleRate");
    const char *unit = xp_xml_attr(e, "units");
    double v = xp_xml_number(e ? e->text : "");
    if (!strcasecmp(unit, "kHz")) return v * 1000;
    return !*unit || !strcasecmp(unit, "Hz") || !strncasecmp(unit, "hertz", 5) ? v : NAN;
}

/* Steps per microvolt; 0 where the file does not say it. */
static double steps_per_uv(const xp_xml *part) {
    const xp_xml *e = xp_xml_child(part, "Resolution");
    const char *unit = xp_xml_attr(e, "units");
    double steps = e ? xp_xml_steps_per_uv(e->text, *unit ? unit : "uV") : 0;
    return steps >= 1e-6 && steps <= 1e3 ? steps : 0;
}

static xp_status check_part(const xp_xml_document *doc, const xp_xml *part, xp_error *err) {
    if (!(rate_of(part) > 0))
        return xp_xml_fail(doc, part, err,
                           "has the SampleRate \"%.40s\" %.20s: expected a number of Hz",
                           xp_xml_text(part, "SampleRate"),
                           xp_xml_attr(xp_xml_child(part, "SampleRate"), "units"));
    if (steps_per_uv(part) == 0)
        return xp_xml_fail(doc, part, err,
                           "has the Resolution \"%.40s\" %.20s: expected microvolts per step",
                           xp_xml_text(part, "Resolution"),
                           xp_xml_attr(xp_xml_child(part, "Resolution"), "units"));
    return XP_OK;
}

static xp_status read_strip(xp_xml_signals *list, const xp_xml_document *doc, const xp_xml *strip,
                            xp_error *err) {
    const xp_xml *d = xp_xml_child(strip, "WaveformData");
    for (; d; d = xp_xml_next(d)) {
        xp_xml_signal *s;
        XP_TRY(xp_xml_add_signal(&s, list, doc, d, xp_xml_attr(d, "lead"), "uV", err));
        s->gain = steps_per_uv(strip);
        XP_TRY(xp_xml_take_numbers(s, doc, d, err));
    }
    return XP_OK;
}

/* ---- full disclosure ---- */

/* Names stand between commas or semicolons, and may have blanks in them ("Lead I"); or between
 * blanks alone. */
static xp_status add_names(xp_xml_signals *list, const xp_xml_document *doc, const xp_xml *order,
                           double gain, xp_error *err) {
    const char *between = strpbrk(order->text, ",;") ? ",;\t\r\n" : " \t\r\n";
    for (const char *t = order->text; *(t += strspn(t, ",; \t\r\n"));) {
        char name[32];
        size_t n = strcspn(t, between);
        snprintf(name, sizeof name, "%.*s", (int)(n < 31 ? n : 31), t);
        xp_xml_signal *s;
        XP_TRY(xp_xml_add_signal(&s, list, doc, order, name, "uV", err));
        s->gain = gain;
        t += n;
    }
    return XP_OK;
}

static xp_status add_channels(xp_xml_signals *list, const xp_xml_document *doc, const xp_xml *full,
                              xp_error *err) {
    const xp_xml *order = xp_xml_child(full, "LeadOrder");
    double stated = xp_xml_number(xp_xml_text(full, "NumberOfChannels"));
    if (order) XP_TRY(add_names(list, doc, order, steps_per_uv(full), err));
    if (!list->n)
        return xp_xml_fail(doc, full, err,
                           "names no leads in a <LeadOrder>: export the recording again");
    if (stated > 0 && stated != list->n)
        return xp_xml_fail(doc, order, err,
                           "names %d leads where <NumberOfChannels> says %.15g: which samples are "
                           "whose is not known, export the recording again",
                           list->n, stated);
    return XP_OK;
}

/* A second of each channel in turn; the last second may be shorter, of all channels alike. */
static xp_status share_out(xp_xml_signals *list, const xp_xml_document *doc, const xp_xml *full,
                           const xp_xml_signal *all, xp_error *err) {
    int64_t n = all->n / list->n, second = (int64_t)fmin(round(rate_of(full)), 1e6);
    if (all->n % list->n || second < 1)
        return xp_xml_fail(doc, full, err,
                           "has %lld samples, which are not the same number for each of %d leads: "
                           "the file is damaged, export it again",
                           (long long)all->n, list->n);
    for (int c = 0; c < list->n; c++) {
        xp_xml_signal *s = &list->items[c];
        s->outline = all->outline;
        if (!s->outline && !(s->digital = xp_alloc_array(n, sizeof *s->digital)))
            return xp_xml_no_memory(doc, err);
        s->n = n;
    }
    if (all->outline) return XP_OK;
    const int32_t *from = all->digital;
    for (int64_t at = 0; at < n; at += second) {
        int64_t k = n - at < second ? n - at : second;
        for (int c = 0; c < list->n; c++, from += k)
            memcpy(list->items[c].digital + at, from, (size_t)k * sizeof *from);
    }
    return XP_OK;
}

static xp_status read_full(xp_xml_signals *list, const xp_xml_document *doc, const xp_xml *full,
                           xp_error *err) {
    const xp_xml *data = xp_xml_child(full, "FullDisclosureData");
    xp_xml_signal all = {.name = "of all leads", .gain = 1};
    XP_TRY(add_channels(list, doc, full, err));
    xp_status s = xp_xml_take_numbers(&all, doc, data, err);
    const bool whole = all.outline ? data->digest->whole : all.digital != NULL;
    if (s == XP_OK && !whole)
        s = xp_xml_fail(doc, data, err, "holds numbers that are not whole: export it again");
    if (s == XP_OK) s = share_out(list, doc, full, &all, err);
    free(all.digital);
    free(all.physical);
    return s;
}

/* ==== facts ================================================================================== */

static const xp_xml_measure measures[] = {
    {"VentricularRate", "heart_rate", "/min"},
    {"PQInterval", "pr_interval", "ms"},
    {"PRInterval", "pr_interval", "ms"},
    {"PDuration", "p_duration", "ms"},
    {"QRSDuration", "qrs_duration", "ms"},
    {"QTInterval", "qt_interval", "ms"},
    {"QTCInterval", "qtc", "ms"},
    {"RRInterval", "rr_interval", "ms"},
    {"PAxis", "p_axis", "deg"},
    {"RAxis", "qrs_axis", "deg"},
    {"TAxis", "t_axis", "deg"},
    {NULL, NULL, NULL},
};

static int part_of(const xp_xml *date, const char *name, int otherwise) {
    double v = xp_xml_number(xp_xml_text(date, name));
    return v >= 0 && v < 1e5 ? (int)v : otherwise;
}

static xp_xml_date read_date(const xp_xml *d) {
    return (xp_xml_date){part_of(d, "Year", 0),  part_of(d, "Month", 0),  part_of(d, "Day", 0),
                         part_of(d, "Hour", -1), part_of(d, "Minute", 0), part_of(d, "Second", 0)};
}

static void read_person(xp_facts *f, const xp_xml *person) {
    const xp_xml *age = xp_xml_child(person, "Age");
    xp_xml_copy(f->patient_id, sizeof f->patient_id, xp_xml_text(person, "PID"));
    xp_xml_person(f, xp_xml_text(person, "Name/FamilyName"), xp_xml_text(person, "Name/GivenName"));
    xp_xml_birth(f, read_date(xp_xml_child(person, "BirthDateTime")));
    xp_xml_age(f, xp_xml_number(age ? age->text : ""), xp_xml_attr(age, "units"));
    xp_xml_sex(f, xp_xml_text(person, "Gender"));
    xp_xml_age_by_dates(f);
}

static void read_filters(xp_facts *f, const xp_xml *filters) {
    f->high_pass = xp_xml_number(xp_xml_text(filters, "HighPass"));
    f->low_pass = xp_xml_number(xp_xml_text(filters, "LowPass"));
    if (!strcasecmp(xp_xml_text(filters, "Filter60Hz"), "Yes")) f->notch = 60;
    if (!strcasecmp(xp_xml_text(filters, "Filter50Hz"), "Yes")) f->notch = 50;
    xp_xml_filter_words(f);
}

static bool state_diagnosis(xp_facts *f, const xp_xml *root) {
    const xp_xml *t = xp_xml_child(root, "Interpretation/Diagnosis/DiagnosisText");
    if (!t) t = xp_xml_child(root, "Interpretation/Conclusion/ConclusionText");
    for (; t; t = xp_xml_next(t)) {
        bool rule = strspn(t->text, "- ") == strlen(t->text);
        if (!rule && !xp_xml_state_text(f, "statement", t->text)) return false;
    }
    return true;
}

static bool read_facts(xp_facts *f, const xp_xml *root) {
    const xp_xml *device = xp_xml_child(root, "ClinicalInfo/DeviceInfo");
    char words[sizeof f->device];
    xp_xml_start(f, read_date(xp_xml_child(root, "ObservationDateTime")));
    read_person(f, xp_xml_child(root, "PatientInfo"));
    read_filters(f, xp_xml_child(root, "FilterSetting"));
    snprintf(words, sizeof words, "GE %.60s %.25s", xp_xml_text(device, "Desc"),
             xp_xml_text(device, "SoftwareVer"));
    xp_xml_copy(f->device, sizeof f->device, words);
    return xp_xml_state_measures(f, xp_xml_child(root, "RestingECGMeasurements"), measures) &&
           state_diagnosis(f, root);
}

/* ==== the recording ========================================================================== */

static xp_status nothing(const xp_xml_document *doc, xp_error *err) {
    return xp_xml_fail(doc, doc->root, err,
                       "has neither <StripData> nor <FullDisclosure> with samples: export the "
                       "recording again, with its waveforms");
}

static void report_disclosure(xp_stored *w, const xp_xml *full) {
    const xp_xml *data = xp_xml_child(full, "FullDisclosureData");
    double samples = xp_xml_number(xp_xml_text(data, "SampleCountTotal"));
    double seconds = samples / rate_of(full) / xp_xml_number(xp_xml_text(full, "NumberOfChannels"));
    if (seconds > 0 && seconds < 1e9)
        xp_notice_add(&w->notices, XP_SAY_STRIP_USED, NULL,
                      XP_ARGS(xp_arg_number("seconds", seconds)));
}

/* The strip is the resting ECG; a full disclosure is read where there is none. */
static xp_status make(xp_stored *w, const char *name, const xp_xml_document *doc, xp_error *err) {
    const xp_xml *strip = xp_xml_child(doc->root, "StripData");
    const xp_xml *full = xp_xml_child(doc->root, "FullDisclosure");
    xp_xml_signals list = {0};
    if (!xp_xml_child(strip, "WaveformData")) strip = NULL;
    if (!xp_xml_child(full, "FullDisclosureData")) full = NULL;
    const xp_xml *part = strip ? strip : full;
    if (!part) return nothing(doc, err);
    XP_TRY(check_part(doc, part, err));
    xp_status s = strip ? read_strip(&list, doc, strip, err) : read_full(&list, doc, full, err);
    if (s == XP_OK) s = xp_xml_to_stored(w, name, rate_of(part), &list, doc, err);
    xp_xml_signals_free(&list);
    if (s != XP_OK) return s;
    w->format = "CardioSoft XML";
    if (strip && full) report_disclosure(w, full);
    return read_facts(&w->facts, doc->root) ? XP_OK : xp_xml_no_memory(doc, err);
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    return xp_xml_read(w, src, name, make, opt && opt->no_samples, err);
}

const xp_format xp_format_cardiosoft = {
    .name = "CardioSoft XML",
    .help = "A CardioSoft record is one .xml file.",
    .sniff = sniff,
    .read = read,
};
