/* DICOM: one object of the 12-lead ECG class, or of the General or Ambulatory class where the
 * recording has more leads, samples or another rate than that allows (PS3.3 A.34). Explicit little
 * endian; 16-bit counts with their gain and unit; leads by their SCP-ECG codes. */
#include "base/sha256.h"
#include "ecg/dicom_internal.h"
#include "ecg/write/write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== elements =============================================================================== */

static void put_head(xp_buffer *b, uint32_t tag, const char *vr, size_t n) {
    bool is_long = !strcmp(vr, "OB") || !strcmp(vr, "OW") || !strcmp(vr, "SQ");
    xp_buffer_le(b, tag >> 16, 2);
    xp_buffer_le(b, tag & 0xffff, 2);
    xp_buffer_add(b, vr, 2);
    if (is_long) xp_buffer_le(b, 0, 2);
    xp_buffer_le(b, n, is_long ? 4 : 2);
}

/* Every value has an even length: texts end in a blank, UIDs in a NUL. */
static void put_text(xp_buffer *b, uint32_t tag, const char *vr, const char *text) {
    size_t n = strlen(text);
    put_head(b, tag, vr, n + n % 2);
    xp_buffer_text(b, text);
    xp_buffer_fill(b, strcmp(vr, "UI") ? ' ' : 0, n % 2);
}

/* Text of at most `most` bytes, without what would begin another value. */
static void put_words(xp_buffer *b, uint32_t tag, const char *vr, const char *text, size_t most) {
    char words[256];
    xp_copy_text(words, most < sizeof words ? most + 1 : sizeof words, text);
    for (char *c = words; *c; c++)
        if (*c == '\\' || (unsigned char)*c < ' ') *c = ' ';
    put_text(b, tag, vr, words);
}

static void put_whole(xp_buffer *b, uint32_t tag, const char *vr, uint32_t v) {
    int n = strcmp(vr, "US") ? 4 : 2;
    put_head(b, tag, vr, (size_t)n);
    xp_buffer_le(b, v, n);
}

/* The shortest decimals that are v, or as many as the 16 letters of a DS hold. */
static void put_decimal(xp_buffer *b, uint32_t tag, double v) {
    char text[XP_NUMBER_SIZE];
    for (int digits = 1; digits <= 16; digits++) {
        char more[XP_NUMBER_SIZE];
        snprintf(more, sizeof more, "%.*g", digits, v);
        if (strlen(more) > 16) break;
        strcpy(text, more);
        if (v == 0 || fabs(strtod(text, NULL) / v - 1) < 1e-15) break;
    }
    put_text(b, tag, "DS", text);
}

/* A sequence or an item, up to its end, where its length is filled in. */
static size_t open_sequence(xp_buffer *b, uint32_t tag) {
    put_head(b, tag, "SQ", 0);
    return b->size;
}

static size_t open_item(xp_buffer *b) {
    xp_buffer_le(b, 0xfffe, 2);
    xp_buffer_le(b, 0xe000, 2);
    xp_buffer_le(b, 0, 4);
    return b->size;
}

static void close_part(xp_buffer *b, size_t start) {
    if (!b->failed) xp_store_le(b->data + start - 4, b->size - start, 4);
}

static void put_code(xp_buffer *b, uint32_t tag, const xp_dicom_code *code) {
    size_t sequence = open_sequence(b, tag), item = open_item(b);
    put_text(b, 0x00080100, "SH", code->value);
    put_text(b, 0x00080102, "SH", code->scheme);
    if (!strcmp(code->scheme, "SCPECG")) put_text(b, 0x00080103, "SH", "1.3");
    put_text(b, 0x00080104, "LO", code->meaning);
    close_part(b, item);
    close_part(b, sequence);
}

/* ==== which object =========================================================================== */

typedef struct shape {
    int signal[256]; /* those that are written: voltages */
    int n, rates;
    int spf[8]; /* a group of channels each */
} shape;

static const char ecg_12_lead[] = "1.2.840.10008.5.1.4.1.1.9.1.1";
static const char general_ecg[] = "1.2.840.10008.5.1.4.1.1.9.1.2";
static const char ambulatory_ecg[] = "1.2.840.10008.5.1.4.1.1.9.1.3";

/* Readers mind the class less than the standard, which has none for a rate above 1000 Hz. */
static const char *choose_object(const xp_stored *w, const shape *sh) {
    int64_t longest = 0;
    double slowest = INFINITY, fastest = 0;
    for (int i = 0; i < sh->rates; i++) {
        longest = w->n_frames * sh->spf[i] > longest ? w->n_frames * sh->spf[i] : longest;
        slowest = fmin(slowest, w->rate * sh->spf[i]);
        fastest = fmax(fastest, w->rate * sh->spf[i]);
    }
    bool usual = slowest >= 200 && fastest <= 1000;
    if (usual && sh->n <= 13 && sh->rates <= 5 && longest <= 16384) return ecg_12_lead;
    if (!usual && sh->n <= 12 && sh->rates == 1 && slowest >= 50 && fastest <= 1000)
        return ambulatory_ecg;
    return general_ecg;
}

static bool has_rate(const shape *sh, int spf) {
    for (int i = 0; i < sh->rates; i++)
        if (sh->spf[i] == spf) return true;
    return false;
}

static xp_status find_shape(shape *sh, const xp_stored *w, xp_notices *notes, xp_error *err) {
    enum { MOST_RATES = sizeof sh->spf / sizeof *sh->spf };
    enum { MOST_SIGNALS = sizeof sh->signal / sizeof *sh->signal };
    *sh = (shape){0};
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        if (!xp_volt_symbol(s->units)) {
            char what[120];
            snprintf(what, sizeof what, "\"%s\", which is in %s and no voltage", s->name, s->units);
            xp_notice_add(notes, XP_SAY_NOT_WRITTEN, NULL,
                          XP_ARGS(xp_arg_text("format", "DICOM"), xp_arg_text("what", what)));
            continue;
        }
        bool is_new = !has_rate(sh, s->samples_per_frame);
        if (sh->n == MOST_SIGNALS || (is_new && sh->rates == MOST_RATES))
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "a DICOM ECG is written with at most %d leads of %d rates: write wfdb "
                           "or edf",
                           MOST_SIGNALS, MOST_RATES);
        if (is_new) sh->spf[sh->rates++] = s->samples_per_frame;
        sh->signal[sh->n++] = i;
    }
    if (!sh->n)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "no signal is a voltage, which is all that a DICOM ECG holds: write wfdb or "
                       "edf");
    return XP_OK;
}

/* ==== waveforms ============================================================================== */

enum { MISSING = -32768 };

/* "5.6.3-9-2", Lead II; of what has no number the name is the channel's label. */
static void put_source(xp_buffer *b, const xp_stored_signal *s) {
    int number = xp_dicom_number_of_lead(s->name);
    xp_dicom_code code = {.scheme = "SCPECG"};
    xp_lead_id id = xp_lead_parse(s->name);
    snprintf(code.value, sizeof code.value, "5.6.3-9-%d", number);
    snprintf(code.meaning, sizeof code.meaning, "%s%.50s", number ? "Lead " : "Unspecified lead",
             !number              ? ""
             : id != XP_LEAD_NONE ? xp_lead_name(id)
                                  : s->name);
    put_words(b, 0x003a0203, "SH", id != XP_LEAD_NONE ? xp_lead_name(id) : s->name, 16);
    put_code(b, 0x003a0208, &code);
}

static void put_channel(xp_buffer *b, const xp_stored_signal *s, const xp_facts *f) {
    const char *unit = xp_volt_symbol(s->units);
    xp_dicom_code code = {.scheme = "UCUM"};
    snprintf(code.value, sizeof code.value, "%s", unit);
    snprintf(code.meaning, sizeof code.meaning, "%s",
             unit[0] == 'V'   ? "volt"
             : unit[0] == 'm' ? "millivolt"
             : unit[0] == 'u' ? "microvolt"
                              : "nanovolt");
    size_t item = open_item(b);
    put_source(b, s);
    if (s->calibrated || s->gain != 200) { /* an assumed gain is assumed again when it is read */
        put_decimal(b, 0x003a0210, 1 / s->gain);
        put_code(b, 0x003a0211, &code);
        put_decimal(b, 0x003a0212, 1);
        put_decimal(b, 0x003a0213, s->baseline == 0 ? 0 : -s->baseline / s->gain);
    }
    put_text(b, 0x003a0215, "DS", "0"); /* skew, in samples */
    put_whole(b, 0x003a021a, "US", 16);
    if (f->high_pass > 0) put_decimal(b, 0x003a0220, f->high_pass);
    if (f->low_pass > 0) put_decimal(b, 0x003a0221, f->low_pass);
    if (f->notch > 0) put_decimal(b, 0x003a0222, f->notch);
    close_part(b, item);
}

/* The signals of a rate, in the recording's order. */
static int of_rate(const xp_stored *w, const shape *sh, int spf,
                   const xp_stored_signal *signals[256]) {
    int n = 0;
    for (int i = 0; i < sh->n; i++) {
        const xp_stored_signal *s = &w->signals[sh->signal[i]];
        if (s->samples_per_frame == spf) signals[n++] = s;
    }
    return n;
}

static xp_status put_samples(xp_buffer *b, const xp_stored_signal *const *s, int n, int64_t samples,
                             xp_error *err) {
    if (samples > 0xfffffff0LL / 2 / n)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%lld samples of %d leads are more than the 4 GiB of a DICOM element: write "
                       "wfdb",
                       (long long)samples, n);
    size_t bytes = (size_t)samples * (size_t)n * 2;
    put_head(b, 0x54001010, "OW", bytes);
    uint8_t *out = xp_buffer_grow(b, bytes);
    for (int64_t i = 0; out && i < samples; i++)
        for (int k = 0; k < n; k++, out += 2) {
            bool gap = i >= s[k]->n || s[k]->digital[i] == s[k]->missing;
            xp_store_le(out, (uint16_t)(gap ? MISSING : s[k]->digital[i]), 2);
        }
    return XP_OK;
}

static xp_status put_group(xp_buffer *b, const xp_stored *w, const shape *sh, int spf,
                           xp_error *err) {
    const xp_stored_signal *signals[256];
    int n = of_rate(w, sh, spf, signals);
    int64_t samples = w->n_frames * spf;
    if (samples > UINT32_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "%lld samples are more than DICOM can count: write wfdb",
                       (long long)samples);
    size_t item = open_item(b);
    put_text(b, 0x003a0004, "CS", "ORIGINAL");
    put_whole(b, 0x003a0005, "US", (uint32_t)n);
    put_whole(b, 0x003a0010, "UL", (uint32_t)samples);
    put_decimal(b, 0x003a001a, w->rate * spf);
    put_text(b, 0x003a0020, "SH", "RHYTHM");
    size_t channels = open_sequence(b, 0x003a0200);
    for (int i = 0; i < n; i++) put_channel(b, signals[i], &w->facts);
    close_part(b, channels);
    put_whole(b, 0x54001004, "US", 16);
    put_text(b, 0x54001006, "CS", "SS");
    put_head(b, 0x5400100a, "OW", 2);
    xp_buffer_le(b, (uint16_t)MISSING, 2);
    XP_TRY(put_samples(b, signals, n, samples, err));
    close_part(b, item);
    return XP_OK;
}

static xp_status put_waveform(xp_buffer *b, const xp_stored *w, const shape *sh, xp_error *err) {
    size_t sequence = open_sequence(b, 0x54000100);
    for (int i = 0; i < sh->rates; i++) XP_TRY(put_group(b, w, sh, sh->spf[i], err));
    close_part(b, sequence);
    return XP_OK;
}

/* ==== what is reported of them ================================================================ */

/* A UID under 2.25: a UUID in decimals, here of the content's digest and what it is for, so that
 * the same recording gives the same file and no clock is asked. */
static void make_uid(char out[64], const char *digest, const char *purpose, bool identity) {
    char text[100], hex[65];
    uint8_t left[16];
    snprintf(text, sizeof text, "%s %s%s", digest, purpose, identity ? " as told" : "");
    xp_sha256_hex((xp_bytes){(const uint8_t *)text, strlen(text)}, hex);
    for (int i = 0; i < 16; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        left[i] = (uint8_t)byte;
    }
    left[6] = (uint8_t)((left[6] & 0x0f) | 0x80); /* version 8: of our own making (RFC 9562) */
    left[8] = (uint8_t)((left[8] & 0x3f) | 0x80);
    char digits[40];
    int at = sizeof digits - 1;
    digits[at] = 0;
    for (bool more = true; more;) { /* divide by ten until nothing is left */
        int rest = 0;
        more = false;
        for (int i = 0; i < 16; i++) {
            int v = rest << 8 | left[i];
            left[i] = (uint8_t)(v / 10);
            rest = v % 10;
            more |= left[i] != 0;
        }
        digits[--at] = (char)('0' + rest);
    }
    snprintf(out, 64, "2.25.%s", digits + at);
}

/* Dates must be there; where there are none to tell they are what nobody takes for one. */
static void find_day(const xp_stored *w, char date[9], char time[7]) {
    int y, m, d, hour = 0, minute = 0, second = 0;
    strcpy(date, "19000101");
    strcpy(time, "000000");
    int n = sscanf(w->facts.start, "%4d-%2d-%2dT%2d:%2d:%2d", &y, &m, &d, &hour, &minute, &second);
    if (n < 3 && sscanf(w->date, "%2d/%2d/%4d", &d, &m, &y) == 3) {
        n = 3;
        if (sscanf(w->time, "%2d:%2d:%2d", &hour, &minute, &second) != 3)
            hour = minute = second = 0;
    }
    if (n < 3 || y < 1800 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 31) return;
    snprintf(date, 9, "%04u%02u%02u", (unsigned)y % 10000, (unsigned)m % 100, (unsigned)d % 100);
    if (hour >= 0 && minute >= 0 && second >= 0)
        snprintf(time, 7, "%02u%02u%02u", (unsigned)hour % 24, (unsigned)minute % 60,
                 (unsigned)second % 60);
}

/* "042Y", or "018M" below two years. */
static void put_age(xp_buffer *b, double age) {
    char text[8];
    if (!(age >= 0 && age <= 130)) return;
    snprintf(text, sizeof text, "%03u%c", (unsigned)(age < 2 ? age * 12 + 1e-6 : age),
             age < 2 ? 'M' : 'Y');
    put_text(b, 0x00101010, "AS", text);
}

static void put_person(xp_buffer *b, const xp_facts *f, bool identity) {
    char birth[16] = "";
    size_t n = 0;
    for (const char *c = f->birth_date; *c && n < 8; c++)
        if (*c >= '0' && *c <= '9') birth[n++] = *c;
    birth[n == 8 ? 8 : 0] = 0;
    put_words(b, 0x00100010, "PN", f->patient_name, 64);
    put_words(b, 0x00100020, "LO", f->patient_id, 64);
    put_text(b, 0x00100030, "DA", birth);
    put_text(b, 0x00100040, "CS", f->sex == 'F' ? "F" : f->sex == 'M' ? "M" : "");
    put_age(b, f->age);
    if (identity) return;
    put_text(b, 0x00120062, "CS", "YES"); /* identity removed */
    put_text(b, 0x00120063, "LO", "ECG-XPLAIM: names, ids, dates and texts left out");
}

static void put_statement(xp_buffer *b, const xp_statement *s) {
    xp_dicom_code code = {.scheme = "99XPLAIM"}, unit = {.scheme = "UCUM"};
    size_t item = open_item(b);
    if (!isnan(s->value)) {
        bool known = xp_dicom_code_of(s->name, &code);
        snprintf(unit.value, sizeof unit.value, "%s", *s->unit ? s->unit : "1");
        snprintf(unit.meaning, sizeof unit.meaning, "%s", *s->unit ? s->unit : "no unit");
        if (!known) {
            code = (xp_dicom_code){.value = "stated", .scheme = "99XPLAIM"};
            xp_copy_text(code.meaning, sizeof code.meaning, *s->text ? s->text : s->name);
        }
        put_code(b, 0x004008ea, &unit);
        put_code(b, 0x0040a043, &code);
    }
    put_head(b, 0x0040a0b0, "US", 4); /* the whole first group */
    xp_buffer_le(b, 1, 2);
    xp_buffer_le(b, 0, 2);
    if (isnan(s->value))
        put_words(b, 0x00700006, "ST", s->text, 240);
    else
        put_decimal(b, 0x0040a30a, s->value);
    close_part(b, item);
}

static void put_statements(xp_buffer *b, const xp_facts *f) {
    if (!f->n_statements) return;
    size_t sequence = open_sequence(b, 0x0040b020);
    for (int i = 0; i < f->n_statements; i++) put_statement(b, &f->statements[i]);
    close_part(b, sequence);
}

typedef struct uids {
    char study[64], series[64], instance[64];
} uids;

static void put_meta(xp_buffer *b, const char *object, const char *instance) {
    xp_buffer_fill(b, 0, 128);
    xp_buffer_text(b, "DICM");
    put_whole(b, 0x00020000, "UL", 0);
    size_t start = b->size;
    put_head(b, 0x00020001, "OB", 2);
    xp_buffer_le(b, 0x0100, 2);
    put_text(b, 0x00020002, "UI", object);
    put_text(b, 0x00020003, "UI", instance);
    put_text(b, 0x00020010, "UI", "1.2.840.10008.1.2.1");
    put_text(b, 0x00020012, "UI", "2.25.305828488182831875890203105390285383139");
    put_text(b, 0x00020013, "SH", "ECG-XPLAIM");
    close_part(b, start);
}

/* In the order of their tags, as a data set is written. */
static void put_header(xp_buffer *b, const xp_stored *w, const char *object, const uids *u,
                       bool identity) {
    char date[9], time[7], both[16];
    find_day(w, date, time);
    snprintf(both, sizeof both, "%s%s", date, time);
    put_text(b, 0x00080005, "CS", "ISO_IR 192");
    put_text(b, 0x00080016, "UI", object);
    put_text(b, 0x00080018, "UI", u->instance);
    put_text(b, 0x00080020, "DA", date);
    put_text(b, 0x00080023, "DA", date);
    put_text(b, 0x0008002a, "DT", both);
    put_text(b, 0x00080030, "TM", time);
    put_text(b, 0x00080033, "TM", time);
    put_text(b, 0x00080050, "SH", "");
    put_text(b, 0x00080060, "CS", "ECG");
    put_text(b, 0x00080070, "LO", "");
    put_text(b, 0x00080090, "PN", "");
    if (*w->facts.device) put_words(b, 0x00081090, "LO", w->facts.device, 64);
    put_person(b, &w->facts, identity);
    put_text(b, 0x0020000d, "UI", u->study);
    put_text(b, 0x0020000e, "UI", u->series);
    put_text(b, 0x00200010, "SH", "");
    put_text(b, 0x00200011, "IS", "1");
    put_text(b, 0x00200013, "IS", "1");
    put_head(b, 0x00400555, "SQ", 0); /* how it was acquired: not known */
    put_statements(b, &w->facts);
}

/* ============================================================================================= */

static xp_status write_dicom(xp_written *out, const xp_stored *w, const char *name,
                             const xp_write_options *opt, xp_error *err) {
    shape sh;
    XP_TRY(find_shape(&sh, w, &out->notices, err));
    xp_buffer wave = {0};
    xp_status s = put_waveform(&wave, w, &sh, err);
    xp_buffer *b = s == XP_OK ? xp_written_add(out, name, ".dcm") : NULL;
    if (b) {
        char digest[65];
        uids u;
        const char *object = choose_object(w, &sh);
        xp_sha256_hex((xp_bytes){wave.data, wave.size}, digest);
        make_uid(u.study, digest, "study", opt->keep_identity);
        make_uid(u.series, digest, "series", opt->keep_identity);
        make_uid(u.instance, digest, "instance", opt->keep_identity);
        put_meta(b, object, u.instance);
        put_header(b, w, object, &u, opt->keep_identity);
        xp_buffer_add(b, wave.data, wave.size);
        b->failed |= wave.failed;
    }
    xp_buffer_free(&wave);
    return s;
}

const xp_writer xp_writer_dicom = {
    .name = "dicom",
    .title = "DICOM",
    .ending = ".dcm",
    .low = -32767,
    .high = 32767,
    .write = write_dicom,
};
