/* GE MUSE XML (root element RestingECG): base64 of 16-bit integers for each stored lead, in blocks
 * of which one or more are the rhythm and the others median beats. */
#include "base/inflate.h"
#include "ecg/format.h"
#include "ecg/xml_facts.h"
#include "ecg/xml_signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static xp_likeness sniff(const char *name, xp_bytes start) {
    (void)name;
    return xp_xml_begins(start, "RestingECG") ? XP_LIKE_BY_CONTENT : XP_UNLIKE;
}

/* ==== which block ============================================================================ */

static double block_rate(const xp_xml *waveform) {
    double exponent = xp_xml_number(xp_xml_text(waveform, "SampleExponent"));
    double base = xp_xml_number(xp_xml_text(waveform, "SampleBase"));
    return base * pow(10, isnan(exponent) ? 0 : exponent);
}

static double stated_count(const xp_xml *lead) {
    double n = xp_xml_number(xp_xml_text(lead, "LeadSampleCountTotal"));
    const xp_xml *data = xp_xml_child(lead, "WaveFormData");
    if (n >= 0 || !data) return n >= 0 ? n : 0;
    return data->digest ? (double)data->digest->bytes / 2 : (double)strlen(data->text) * 3 / 8;
}

static bool is_rhythm(const xp_xml *waveform) {
    const char *type = xp_xml_text(waveform, "WaveformType");
    return !*type || !strcasecmp(type, "Rhythm");
}

/* The rhythm that lasts longest, of several equal ones the first; *n: how many there are. */
static const xp_xml *choose_block(const xp_xml *root, int *n) {
    const xp_xml *best = NULL;
    double most = -1;
    *n = 0;
    for (const xp_xml *w = xp_xml_child(root, "Waveform"); w; w = xp_xml_next(w)) {
        if (!is_rhythm(w)) continue;
        double rate = block_rate(w);
        double seconds = rate > 0 ? stated_count(xp_xml_child(w, "LeadData")) / rate : 0;
        if (seconds > most) {
            most = seconds;
            best = w;
        }
        ++*n;
    }
    return best;
}

/* ==== samples ================================================================================ */

static void check_sum(xp_notices *notes, const xp_xml_document *doc, const xp_xml *lead,
                      double sum) {
    const xp_xml *e = xp_xml_child(lead, "LeadDataCRC32");
    double stated = xp_xml_number(e ? e->text : "");
    const char *name = xp_xml_text(lead, "LeadID");
    if (isnan(stated)) return;
    if (stated == sum) return;
    xp_notice_add(notes, XP_SAY_CHECKSUM, name,
                  XP_ARGS(xp_arg_text("file", doc->file), xp_arg_number("line", e->line),
                          xp_arg_text("signal", name), xp_arg_number("sum", sum),
                          xp_arg_number("stated", stated)));
}

/* Steps per microvolt, 0 where the file does not say it. */
static double steps_per_uv(const xp_xml *lead) {
    const char *unit = xp_xml_text(lead, "LeadAmplitudeUnits");
    return xp_xml_steps_per_uv(xp_xml_text(lead, "LeadAmplitudeUnitsPerBit"), *unit ? unit : "uV");
}

static xp_status check_lead(const xp_xml_document *doc, const xp_xml *lead, xp_error *err) {
    double size = xp_xml_number(xp_xml_text(lead, "LeadSampleSize"));
    if (!isnan(size) && size != 2)
        return xp_xml_fail(doc, lead, err,
                           "has samples of %g bytes: expected 2; export the recording again", size);
    if (!xp_xml_child(lead, "WaveFormData"))
        return xp_xml_fail(doc, lead, err,
                           "has no <WaveFormData>: export the recording again, with its waveforms");
    if (steps_per_uv(lead) == 0)
        return xp_xml_fail(doc, lead, err,
                           "says no unit of its samples (LeadAmplitudeUnitsPerBit \"%.40s\", "
                           "LeadAmplitudeUnits \"%.40s\"): expected microvolts per bit",
                           xp_xml_text(lead, "LeadAmplitudeUnitsPerBit"),
                           xp_xml_text(lead, "LeadAmplitudeUnits"));
    return XP_OK;
}

static void note_count(xp_notices *notes, const xp_xml_document *doc, double stated, double there) {
    for (int i = 0; i < notes->n; i++)
        if (notes->items[i].sentence == XP_SAY_COUNT_DIFFERS) return; /* once for all leads */
    xp_notice_add(notes, XP_SAY_COUNT_DIFFERS, NULL,
                  XP_ARGS(xp_arg_text("file", doc->file), xp_arg_number("stated", stated),
                          xp_arg_number("samples", there)));
}

/* n: bytes of samples. */
static xp_status check_count(xp_notices *notes, const xp_xml_document *doc, const xp_xml *lead,
                             int64_t n, xp_error *err) {
    if (n % 2)
        return xp_xml_fail(doc, lead, err,
                           "holds %lld bytes, where samples of 2 have an even number: the file is "
                           "damaged, export it again",
                           (long long)n);
    double there = (double)(n / 2);
    double stated = xp_xml_number(xp_xml_text(lead, "LeadSampleCountTotal"));
    if (stated > there)
        return xp_xml_fail(doc, lead, err,
                           "says %.15g samples, but its data hold %.15g: the file is cut or "
                           "damaged, export it again",
                           stated, there);
    if (stated < there) note_count(notes, doc, stated, there);
    return XP_OK;
}

static xp_status take_digest(xp_xml_signal *s, xp_notices *notes, const xp_xml_document *doc,
                             const xp_xml *lead, const xp_xml *data, xp_error *err) {
    XP_TRY(xp_xml_take_digest(s, doc, data, err));
    check_sum(notes, doc, lead, data->digest->crc);
    return check_count(notes, doc, lead, data->digest->bytes, err);
}

static xp_status take_samples(xp_xml_signal *s, xp_notices *notes, const xp_xml_document *doc,
                              const xp_xml *lead, const xp_xml *data, xp_error *err) {
    uint8_t *bytes;
    size_t n;
    XP_TRY(xp_xml_base64(doc, data, &bytes, &n, err));
    check_sum(notes, doc, lead, xp_crc32((xp_bytes){bytes, n}));
    xp_status status = check_count(notes, doc, lead, (int64_t)n, err);
    if (status == XP_OK) status = xp_xml_take_int16(s, bytes, (int64_t)n / 2, err);
    free(bytes);
    return status;
}

static xp_status read_lead(xp_xml_signals *list, xp_notices *notes, const xp_xml_document *doc,
                           const xp_xml *lead, xp_error *err) {
    XP_TRY(check_lead(doc, lead, err));
    const xp_xml *data = xp_xml_child(lead, "WaveFormData");
    xp_xml_signal *s;
    XP_TRY(xp_xml_add_signal(&s, list, doc, lead, xp_xml_text(lead, "LeadID"), "uV", err));
    s->gain = steps_per_uv(lead);
    s->missing = INT16_MIN; /* 160 mV under zero is no voltage: GE writes it where there is none */
    return data->digest ? take_digest(s, notes, doc, lead, data, err)
                        : take_samples(s, notes, doc, lead, data, err);
}

static xp_status read_block(xp_stored *w, xp_notices *notes, const char *name,
                            const xp_xml_document *doc, const xp_xml *block, xp_error *err) {
    xp_xml_signals list = {0};
    xp_status s = XP_OK;
    double rate = block_rate(block);
    if (!(rate > 0))
        return xp_xml_fail(doc, block, err,
                           "has the SampleBase \"%.40s\" and the SampleExponent \"%.40s\": "
                           "expected a sampling rate in Hz",
                           xp_xml_text(block, "SampleBase"), xp_xml_text(block, "SampleExponent"));
    for (const xp_xml *l = xp_xml_child(block, "LeadData"); l && s == XP_OK; l = xp_xml_next(l))
        s = read_lead(&list, notes, doc, l, err);
    if (s == XP_OK && !list.n)
        s = xp_xml_fail(doc, block, err,
                        "has no <LeadData>: export the recording again, with its waveforms");
    if (s == XP_OK) s = xp_xml_to_stored(w, name, rate, &list, doc, err);
    xp_xml_signals_free(&list);
    return s;
}

/* ==== facts ================================================================================== */

/* MUSE's "QTCorrected" is Bazett's. */
static const xp_xml_measure measures[] = {
    {"VentricularRate", "heart_rate", "/min"},
    {"AtrialRate", "atrial_rate", "/min"},
    {"PRInterval", "pr_interval", "ms"},
    {"QRSDuration", "qrs_duration", "ms"},
    {"QTInterval", "qt_interval", "ms"},
    {"QTCorrected", "qtc_bazett", "ms"},
    {"QTcFrederica", "qtc_fridericia", "ms"},
    {"QTcFridericia", "qtc_fridericia", "ms"},
    {"QTcFramingham", "qtc_framingham", "ms"},
    {"PAxis", "p_axis", "deg"},
    {"RAxis", "qrs_axis", "deg"},
    {"TAxis", "t_axis", "deg"},
    {NULL, NULL, NULL},
};

static bool ends_line(const xp_xml *statement) {
    const xp_xml *flag = xp_xml_child(statement, "StmtFlag");
    while (flag && strcasecmp(flag->text, "ENDSLINE")) flag = xp_xml_next(flag);
    return flag != NULL;
}

/* Statements are parts of lines: one is stated for each line. */
static bool state_diagnosis(xp_facts *f, const xp_xml *diagnosis) {
    char line[512];
    size_t n = 0;
    const xp_xml *s = xp_xml_child(diagnosis, "DiagnosisStatement");
    for (; s; s = xp_xml_next(s)) {
        const char *text = xp_xml_text(s, "StmtText");
        const char *blank = n && !strchr(",.;:)", *text) ? " " : "";
        if (n < sizeof line - 1)
            n += (size_t)snprintf(line + n, sizeof line - n, "%s%.400s", blank, text);
        if (!ends_line(s) && xp_xml_next(s)) continue;
        if (!xp_xml_state_text(f, "statement", line)) return false;
        n = 0;
        line[0] = 0;
    }
    return true;
}

/* "04-29-2023", and "2023-04-29" as some elements have it; "22:41:16". */
static xp_xml_date read_date(const char *date, const char *time) {
    xp_xml_date d = {.hour = -1};
    int a, b, c;
    if (sscanf(date, "%4d-%2d-%4d", &a, &b, &c) == 3 && a > 99)
        d = (xp_xml_date){a, b, c, -1, 0, 0};
    else if (sscanf(date, "%2d-%2d-%4d", &a, &b, &c) == 3)
        d = (xp_xml_date){c, a, b, -1, 0, 0};
    if (sscanf(time, "%2d:%2d:%2d", &d.hour, &d.minute, &d.second) < 2) d.hour = -1;
    return d;
}

static void read_person(xp_facts *f, const xp_xml *person) {
    xp_xml_copy(f->patient_id, sizeof f->patient_id, xp_xml_text(person, "PatientID"));
    xp_xml_person(f, xp_xml_text(person, "PatientLastName"),
                  xp_xml_text(person, "PatientFirstName"));
    xp_xml_birth(f, read_date(xp_xml_text(person, "DateofBirth"), ""));
    xp_xml_age(f, xp_xml_number(xp_xml_text(person, "PatientAge")),
               xp_xml_text(person, "AgeUnits"));
    xp_xml_sex(f, xp_xml_text(person, "Gender"));
}

/* The high-pass filter is in hundredths of a hertz. */
static void read_filters(xp_facts *f, const xp_xml *block) {
    f->high_pass = xp_xml_number(xp_xml_text(block, "HighPassFilter")) / 100;
    f->low_pass = xp_xml_number(xp_xml_text(block, "LowPassFilter"));
    f->notch = xp_xml_number(xp_xml_text(block, "ACFilter"));
    xp_xml_filter_words(f);
}

static bool read_facts(xp_facts *f, const xp_xml *root, const xp_xml *block) {
    const xp_xml *test = xp_xml_child(root, "TestDemographics");
    const char *device = xp_xml_text(test, "AcquisitionDevice");
    read_person(f, xp_xml_child(root, "PatientDemographics"));
    xp_xml_start(
        f, read_date(xp_xml_text(test, "AcquisitionDate"), xp_xml_text(test, "AcquisitionTime")));
    xp_xml_age_by_dates(f);
    snprintf(f->device, sizeof f->device, "GE%s%.80s", *device ? " " : " (MUSE)", device);
    read_filters(f, block);
    return xp_xml_state_measures(f, xp_xml_child(root, "RestingECGMeasurements"), measures) &&
           state_diagnosis(f, xp_xml_child(root, "Diagnosis"));
}

/* ==== the recording ========================================================================== */

static xp_status no_rhythm(const xp_xml_document *doc, xp_error *err) {
    if (!xp_xml_child(doc->root, "Waveform"))
        return xp_xml_fail(doc, doc->root, err,
                           "has no <Waveform>, only what was measured: export the recording again, "
                           "with its waveforms");
    return xp_xml_fail(doc, doc->root, err,
                       "has no <Waveform> whose WaveformType is Rhythm (median beats are no "
                       "recording): export the recording again, with its rhythm");
}

static void report_blocks(xp_stored *w, int blocks) {
    if (blocks > 1)
        xp_notice_add(&w->notices, XP_SAY_OTHER_BLOCKS, NULL,
                      XP_ARGS(xp_arg_number("blocks", blocks),
                              xp_arg_number("seconds", (double)w->n_frames / w->rate),
                              xp_arg_number("rate", w->rate)));
}

static xp_status read_document(xp_stored *w, const char *name, const xp_xml_document *doc,
                               xp_error *err) {
    int blocks;
    xp_notices notes = {0};
    const xp_xml *block = choose_block(doc->root, &blocks);
    if (!block) return no_rhythm(doc, err);
    xp_status s = read_block(w, &notes, name, doc, block, err);
    if (s == XP_OK) {
        w->format = "MUSE XML";
        w->notices = notes;
        report_blocks(w, blocks);
        return read_facts(&w->facts, doc->root, block) ? XP_OK : xp_xml_no_memory(doc, err);
    }
    xp_notices_free(&notes);
    return s;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    return xp_xml_read(w, src, name, read_document, opt && opt->no_samples, err);
}

const xp_format xp_format_muse = {
    .name = "MUSE XML",
    .help = "A GE MUSE record is one .xml file.",
    .sniff = sniff,
    .read = read,
};
