/* The WFDB reader against the field's own readers (golden values) and against vectors written by
 * hand from signal(5). */
#include "base/sha256.h"
#include "ecg/reader_path.h"
#include "ecg/source_memory.h"
#include "ecg/wfdb.h"
#include "golden_json.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- golden values ---- */

static void check_digital(const char *record, const xp_stored_signal *s, const cJSON *g) {
    const cJSON *a = cJSON_GetObjectItem(g, "aligned");
    if (!a) return;
    if ((double)s->n != num(a, "n"))
        fail_msg("%s %s: %lld samples", record, s->name, (long long)s->n);
    char hex[65];
    uint8_t *le = malloc((size_t)s->n * 4 + 1);
    for (int64_t i = 0; i < s->n; i++) xp_store_le(le + 4 * i, (uint32_t)s->digital[i], 4);
    xp_sha256_hex((xp_bytes){le, (size_t)s->n * 4}, hex);
    free(le);
    if (strcmp(hex, text(a, "sha256_int32le")))
        fail_msg("%s %s: other samples than the reference", record, s->name);
}

static void check_value(const char *record, const xp_stored_signal *s, int64_t at, double got,
                        const cJSON *v, double tolerance) {
    double want = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    if (isnan(got) != isnan(want) || fabs(got - want) > tolerance + 1e-6 * fabs(want))
        fail_msg("%s %s: at %lld %.9g, expected %.9g", record, s->name, (long long)at, got, want);
}

/* Multi-segment references were made one value a frame, the (integer) mean of the digital samples
 * of a frame: they may differ by one digital step from the mean of the physical ones. */
static void check_physical(const char *record, const xp_stored_signal *s, const cJSON *g) {
    const cJSON *p = cJSON_GetObjectItem(g, "physical"), *at = cJSON_GetObjectItem(p, "at");
    const cJSON *values = cJSON_GetObjectItem(p, "values");
    int mean_of = s->digital ? 1 : s->samples_per_frame;
    double step = mean_of > 1 ? 1 / fabs(s->gain) : 0;
    if ((double)s->n != num(p, "n") * mean_of) fail_msg("%s %s: length", record, s->name);
    if (mean_of == 1 && (double)s->n_missing != num(p, "missing"))
        fail_msg("%s %s: %lld missing", record, s->name, (long long)s->n_missing);
    for (int i = 0; i < cJSON_GetArraySize(at); i++) {
        int64_t t = (int64_t)cJSON_GetArrayItem(at, i)->valuedouble;
        double sum = 0;
        for (int k = 0; k < mean_of; k++) sum += s->physical[t * mean_of + k];
        check_value(record, s, t, sum / mean_of, cJSON_GetArrayItem(values, i), step);
    }
}

static void check_field(const char *record, const char *field, double got, const cJSON *g) {
    double want = num(g, field);
    if (!isnan(want) && fabs(got - want) > 1e-12 * fabs(want))
        fail_msg("%s: %s %.17g, expected %.17g", record, field, got, want);
}

static void check_signal(const char *record, const xp_stored_signal *s, const cJSON *g) {
    const char *units = text(g, "units"), *name = text(g, "name");
    if (strcmp(s->name, name)) fail_msg("%s: \"%s\", expected \"%s\"", record, s->name, name);
    /* wfdb-python drops bytes that are not UTF-8: there it says mV where the file says 0xb0. */
    bool not_ascii = (unsigned char)s->units[0] >= 0x80;
    if (units && !not_ascii && strcmp(s->units, units))
        fail_msg("%s %s: %s, expected %s", record, name, s->units, units);
    if (s->digital) {
        check_field(record, "gain", s->gain, g);
        check_field(record, "baseline", s->baseline, g);
        check_field(record, "adc_zero", s->adc_zero, g);
        check_field(record, "samples_per_frame", s->samples_per_frame, g);
        check_field(record, "skew", s->skew, g);
        assert_int_equal(s->format, atoi(text(g, "format")));
        check_digital(record, s, g);
    }
    check_physical(record, s, g);
}

static void check_comments(const char *record, const xp_stored *w, const cJSON *list) {
    if (!list) return;
    if (w->n_comments != cJSON_GetArraySize(list)) fail_msg("%s: comments", record);
    for (int i = 0; i < w->n_comments; i++)
        assert_string_equal(w->comments[i], cJSON_GetStringValue(cJSON_GetArrayItem(list, i)));
}

/* The same is told without the samples, and with little memory. */
static void check_told(const char *path, const char *record, const xp_stored *read) {
    const xp_read_options opt = {.no_samples = true, .max_memory = 1 << 20};
    char one[XP_NOTICE_TEXT], two[XP_NOTICE_TEXT];
    xp_stored w;
    xp_error e;
    if (xp_stored_open_path(&w, path, &opt, &e)) fail_msg("%s: %s", record, e.text);
    assert_int_equal(w.n_signals, read->n_signals);
    assert_int_equal(w.n_frames, read->n_frames);
    assert_int_equal(w.checksums_failed, read->checksums_failed);
    for (int i = 0; i < w.n_signals; i++) {
        const xp_stored_signal *s = &w.signals[i], *r = &read->signals[i];
        if (s->n != r->n || s->n_missing != r->n_missing || s->digital || s->physical)
            fail_msg("%s %s: %lld samples, %lld missing; read: %lld and %lld", record, s->name,
                     (long long)s->n, (long long)s->n_missing, (long long)r->n,
                     (long long)r->n_missing);
    }
    assert_int_equal(w.notices.n, read->notices.n);
    for (int i = 0; i < w.notices.n; i++)
        assert_string_equal(xp_notice_text(&w.notices, i, one),
                            xp_notice_text(&read->notices, i, two));
    xp_stored_free(&w);
}

static void check_record(const char *path, const char *record, const cJSON *g) {
    xp_stored w;
    xp_error e;
    if (xp_stored_open_path(&w, path, NULL, &e)) fail_msg("%s: %s", record, e.text);
    if (xp_stored_physical(&w, &e)) fail_msg("%s: %s", record, e.text);
    const cJSON *signals = cJSON_GetObjectItem(g, "signals");
    assert_int_equal(w.n_signals, cJSON_GetArraySize(signals));
    assert_true((double)w.n_frames == num(g, "n"));
    check_field(record, "fs", w.rate, g);
    check_comments(record, &w, cJSON_GetObjectItem(g, "comments"));
    for (int i = 0; i < w.n_signals; i++)
        check_signal(record, &w.signals[i], cJSON_GetArrayItem(signals, i));
    check_told(path, record, &w);
    xp_stored_free(&w);
}

static void check_refused(const char *path, const char *record) {
    xp_stored w;
    xp_error e = {0};
    if (xp_stored_open_path(&w, path, NULL, &e) == XP_OK) fail_msg("%s was read", record);
    if (!strstr(e.text, "is missing")) fail_msg("%s: %s", record, e.text);
}

/* Every record of one folder of the golden index; returns how many were compared. */
static int check_folder(const char *folder) {
    cJSON *index = read_json(shared_path("golden/wfdb/%s/index.json", folder)), *it;
    int n = 0;
    cJSON_ArrayForEach(it, index) {
        char flat[256], *q = flat;
        for (const char *c = it->string; *c; c++) {
            *q++ = *c == '/' ? '_' : *c;
            if (*c == '/') *q++ = '_';
        }
        *q = 0;
        const char *path = shared_path("fixtures/%s/%s", folder, it->string);
        const char *kind = cJSON_GetStringValue(it);
        if (!strcmp(kind, "error")) {
            check_refused(path, it->string);
        } else {
            cJSON *g = read_json(shared_path("golden/wfdb/%s/%s.json", folder, flat));
            check_record(path, it->string, g);
            cJSON_Delete(g);
            n += !!strcmp(kind, "layout");
        }
    }
    cJSON_Delete(index);
    return n;
}

static void every_golden_record_decodes(void **state) {
    (void)state;
    if (!exists(shared_path("golden/wfdb/wfdb/index.json"))) skip();
    int n = check_folder("wfdb") + check_folder("cinc") + check_folder("cinc_reduced_leads");
    assert_int_equal(n, 108);
}

static void a_challenge_record_decodes(void **state) {
    (void)state;
    cJSON *g = read_json(data_path("wfdb/E07500.json"));
    check_record(data_path("wfdb/E07500"), "E07500", g);
    cJSON_Delete(g);
}

/* ---- records in memory ---- */

typedef struct memory {
    xp_memory_file files[6];
    xp_memory_files table;
    xp_file_source source;
} memory;

static void add(memory *m, const char *name, const void *data, size_t size) {
    m->files[m->table.n++] = (xp_memory_file){name, data, size};
    m->table.items = m->files;
    m->source = xp_memory_source(&m->table);
}

static void add_text(memory *m, const char *name, const char *t) {
    add(m, name, t, strlen(t));
}

static xp_stored read_ok(memory *m, const char *name) {
    xp_stored w;
    xp_error e;
    if (xp_wfdb_read(&w, name, &m->source, NULL, &e)) fail_msg("%s", e.text);
    return w;
}

static bool has_notice(const xp_notices *n, xp_notice_code code, const char *text_in_it) {
    char text[XP_NOTICE_TEXT];
    for (int i = 0; i < n->n; i++) {
        const xp_notices one = {&n->items[i], 1, 1};
        if (n->items[i].code == code && strstr(xp_notice_text(&one, 0, text), text_in_it))
            return true;
    }
    return false;
}

typedef struct vector {
    int format;
    const char *bytes;
    size_t size;
    int n;
    int32_t samples[6];
    int32_t missing;
} vector;

/* Lowest, highest, -1, 1 and 0 where the format has them; packed by hand from signal(5). */
#define BYTES(s) s, sizeof s - 1
static const vector vectors[] = {
    {8, BYTES("\x00\x01\xff\x7f\x80"), 5, {7, 8, 7, 134, 6}, INT32_MIN},
    {16, BYTES("\x00\x80\xff\x7f\xff\xff\x01\x00"), 4, {-32768, 32767, -1, 1}, -32768},
    {24, BYTES("\x00\x00\x80\xff\xff\x7f\xff\xff\xff"), 3, {-8388608, 8388607, -1}, -8388608},
    {32, BYTES("\x00\x00\x00\x80\xff\xff\xff\x7f"), 2, {INT32_MIN, INT32_MAX}, INT32_MIN},
    {61, BYTES("\x80\x00\x7f\xff\xff\xfe"), 3, {-32768, 32767, -2}, -32768},
    {80, BYTES("\x00\xff\x80\x7f"), 4, {-128, 127, 0, -1}, -128},
    {160, BYTES("\x00\x00\xff\xff\x00\x80"), 3, {-32768, 32767, 0}, -32768},
    {212, BYTES("\x00\xf8\xff\xff\x17\x02"), 4, {-2048, -1, 2047, 258}, -2048},
    {212, BYTES("\x34\x12\x01\x00\x08"), 3, {0x234, 0x101, -2048}, -2048},
    /* words: sample 0 = 1, sample 1 = -512, sample 2 = 0b1111100001 = -31 */
    {310, BYTES("\x02\x08\x00\xfc"), 3, {1, -512, -31}, -512},
    {310, BYTES("\x02\x08\x00\xfc\xfe\x03"), 4, {1, -512, -31, 511}, -512},
    /* 1 | 0x200 << 10 | 0x3e1 << 20 */
    {311, BYTES("\x01\x00\x18\x3e"), 3, {1, -512, -31}, -512},
    {311, BYTES("\x01\x00\x18\x3e\xff\x01\x08"), 5, {1, -512, -31, 511, -512}, -512},
};

static void each_format_decodes_hand_packed_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const vector *v = &vectors[i];
        for (int with_length = 0; with_length < 2; with_length++) {
            char header[120], length[16] = "";
            if (with_length) snprintf(length, sizeof length, "%d", v->n);
            snprintf(header, sizeof header, "r 1 500 %s\nr.dat %d 1/mV 0 0 7\n", length, v->format);
            memory m = {0};
            add_text(&m, "r.hea", header);
            add(&m, "r.dat", v->bytes, v->size);
            xp_stored w = read_ok(&m, "r");
            assert_int_equal(w.n_frames, v->n);
            assert_int_equal(w.signals[0].missing, v->missing);
            for (int k = 0; k < v->n; k++)
                if (w.signals[0].digital[k] != v->samples[k])
                    fail_msg("format %d sample %d: %d, expected %d", v->format, k,
                             w.signals[0].digital[k], v->samples[k]);
            xp_stored_free(&w);
        }
    }
}

/* Two files, samples per frame, skew and a byte offset at once. */
static void signals_are_dealt_out_by_frames(void **state) {
    (void)state;
    memory m = {0};
    add_text(&m, "r.hea",
             "r 3 250/1000(5) 3 12:00:00 01/02/2003\n"
             "a.dat 80x2+3 10(4)/mV 8 0 1 1 0 II\n"
             "a.dat 80:1+3 10/uV 8 0 2 2 0 ABP \n"
             "b.dat 16 100 16 5 9 -7 0 two words\n# <age>: 30 <sex>: F\n");
    add(&m, "a.dat", "xyz\x81\x82\x8a\x83\x84\x8b\x00\x86\x8c", 12);
    add(&m, "b.dat", "\x09\x00\xff\xff\x00\x80", 6);
    xp_stored w = read_ok(&m, "r");
    const int32_t first[] = {1, 2, 3, 4, -128, 6}, second[] = {11, 12, -128},
                  third[] = {9, -1, -32768};
    assert_true(w.rate == 250);
    assert_string_equal(w.date, "01/02/2003");
    assert_string_equal(w.time, "12:00:00");
    assert_int_equal(w.signals[0].n, 6);
    assert_memory_equal(w.signals[0].digital, first, sizeof first);
    assert_memory_equal(w.signals[1].digital, second, sizeof second);
    assert_memory_equal(w.signals[2].digital, third, sizeof third);
    assert_int_equal(w.signals[0].n_missing, 1);
    assert_string_equal(w.signals[2].name, "two words");
    assert_int_equal(w.signals[2].baseline, 5); /* the ADC zero */
    assert_false(w.signals[2].calibrated);
    assert_true(has_notice(&w.notices, XP_NOTE_CHECKSUM, "\"II\"")); /* says 1, is -112 */
    assert_true(has_notice(&w.notices, XP_NOTE_CHECKSUM, "\"ABP\""));
    assert_true(has_notice(&w.notices, XP_NOTE_UNCALIBRATED, "100 adu/mV"));
    assert_int_equal(xp_stored_physical(&w, NULL), XP_OK);
    assert_true(w.signals[0].physical[0] == -0.3 && isnan(w.signals[0].physical[4]));
    xp_stored_free(&w);
}

static void checksums_may_be_signed_or_unsigned(void **state) {
    (void)state;
    static const struct {
        const char *sum;
        bool ok;
    } cases[] = {{"-1", true}, {"65535", true}, {"-65537", true}, {"0", false}};
    for (int i = 0; i < 4; i++) {
        char header[80];
        snprintf(header, sizeof header, "r 1 500 2\nr.dat 16 1/mV 0 0 1 %s 0 I\n", cases[i].sum);
        memory m = {0};
        add_text(&m, "r.hea", header);
        add(&m, "r.dat", "\x01\x00\xfe\xff", 4);
        xp_stored w = read_ok(&m, "r");
        assert_int_equal(has_notice(&w.notices, XP_NOTE_CHECKSUM, "checksum"), !cases[i].ok);
        xp_stored_free(&w);
    }
}

static void an_initial_value_that_differs_is_said(void **state) {
    (void)state;
    memory m = {0};
    add_text(&m, "r.hea", "r 1 500 2\nr.dat 16 1/mV 0 0 5 -1 0 I\n");
    add(&m, "r.dat", "\x01\x00\xfe\xff", 4);
    xp_stored w = read_ok(&m, "r");
    assert_true(has_notice(&w.notices, XP_NOTE_CHECKSUM, "first sample of \"I\" is 1"));
    xp_stored_free(&w);
}

/* ---- lenient headers: each is read, and said ---- */

static void headers_in_use_are_read_with_a_notice(void **state) {
    (void)state;
    static const struct {
        const char *header;
        xp_notice_code code;
        const char *said;
    } cases[] = {
        {"r.mat 1 500 2 05-May-2020 10:00:00\nr.dat 16 1/mV 0 0 1 -1 0 I\n", XP_NOTE_HEADER,
         "calls the record \"r.mat\""},
        {"r 1 500 2 05-May-2020 10:00:00\r\nr.dat 16 1/mV 0 0 1 -1 0 I\r\n", XP_NOTE_HEADER,
         "05-May-2020"},
        {"r 1 500 2 05/05/2020 10:00:00\rr.dat 16 1/mV 0 0 1 -1 0 I", XP_NOTE_HEADER, "05/05/2020"},
        {"r 1 500 10:00:00\nr.dat 16 0/mV 0 0 1 -1 0 I\n", XP_NOTE_UNCALIBRATED,
         "uncalibrated: 200 adu/mV assumed"},
        {"r 1\nr.dat 16 1/mV\n", XP_NOTE_RATE_ASSUMED, "250 Hz assumed"},
        {"r 1 500\nr.dat 16\n", XP_NOTE_UNCALIBRATED, "uncalibrated: 200 adu/mV assumed"},
        {"r 1 500\nr.dat 16 1000\n", XP_NOTE_UNCALIBRATED, "1000 adu/mV assumed"},
        {"r 1 500\nr.dat 16 1/mV lead I\n", XP_NOTE_HEADER, "ADC resolution"},
        {"r 1 500\nr.dat 16 1/mV 16 0 I\n", XP_NOTE_HEADER, "initial value"},
        {"r 1 500\nr.dat 16 1/mV(0) 16 0 1 -1 0 I\n", XP_NOTE_HEADER, "behind the units"},
        {"\n# first\n  \nr 1 500 2 \t \n\nr.dat 16 1/mV 16 0 1 0 0 I  \n\n#last\n\x1a",
         XP_NOTE_CHECKSUM, "line 6"},
        {"\xef\xbb\xbfr 1 500 2\nr.dat 16 1/mV 16 0 1 0 0 I", XP_NOTE_CHECKSUM, "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memory m = {0};
        add_text(&m, "r.hea", cases[i].header);
        add(&m, "r.dat", "\x01\x00\xfe\xff", 4);
        xp_stored w = read_ok(&m, "r");
        assert_int_equal(w.n_frames, 2);
        assert_int_equal(w.signals[0].digital[1], -2);
        if (!has_notice(&w.notices, cases[i].code, cases[i].said))
            fail_msg("case %zu: not said: %s", i, cases[i].said);
        xp_stored_free(&w);
    }
}

static void a_plain_header_has_no_notice(void **state) {
    (void)state;
    memory m = {0};
    add_text(&m, "r.hea", "r 1 500 2 10:00:00 05/05/2020\nr.dat 16 1(0)/mV 16 0 1 65535 0 I\n");
    add(&m, "r.dat", "\x01\x00\xfe\xff", 4);
    xp_stored w = read_ok(&m, "r");
    assert_int_equal(w.notices.n, 0);
    xp_stored_free(&w);
}

/* ---- segments ---- */

static void segments_use_their_own_gain_and_gaps_are_missing(void **state) {
    (void)state;
    memory m = {0};
    add_text(&m, "r.hea", "r/4 2 500 6\nlay 0\ns1 2\n~ 1\ns2 3\n");
    add_text(&m, "lay.hea", "lay 2 500 0\n~ 0 10/mV 8 0 0 0 0 I\n~ 0 10/mV 8 0 0 0 0 II\n");
    add_text(&m, "s1.hea", "s1 1 500 2\ns.dat 80 10/mV 8 0 1 3 0 II\n");
    add_text(&m, "s2.hea", "s2 2 500 3\nt.dat 80 2/mV 8 0 4 9 0 II\nt.dat 80 5/mV 8 0 5 18 0 I\n");
    add(&m, "s.dat", "\x81\x82", 2);
    add(&m, "t.dat", "\x84\x85\x00\x86\x85\x87", 6);
    xp_stored w = read_ok(&m, "r");
    const double i[] = {NAN, NAN, NAN, 1, 1.2, 1.4}, ii[] = {0.1, 0.2, NAN, 2, NAN, 2.5};
    assert_true(w.multi_segment && !w.signals[0].digital);
    for (int k = 0; k < 6; k++) {
        double a = w.signals[0].physical[k], b = w.signals[1].physical[k];
        assert_true((isnan(a) && isnan(i[k])) || fabs(a - i[k]) < 1e-12);
        assert_true((isnan(b) && isnan(ii[k])) || fabs(b - ii[k]) < 1e-12);
    }
    assert_int_equal(w.signals[0].n_missing, 3);
    assert_true(has_notice(&w.notices, XP_NOTE_CHECKSUM, "s2.hea line 2"));
    xp_record r;
    assert_int_equal(xp_stored_to_record(&r, &w, NULL), XP_OK);
    assert_int_equal(r.leads[1].n_missing, 2);
    assert_true(r.leads[1].mv[3] == 2);
    xp_record_free(&r);
    xp_stored_free(&w);
}

/* ---- to a record ---- */

static xp_record record_of(const char *header, const void *dat, size_t size) {
    memory m = {0};
    add_text(&m, "r.hea", header);
    add(&m, "r.dat", dat, size);
    xp_stored w = read_ok(&m, "r");
    xp_record r;
    xp_error e;
    if (xp_stored_to_record(&r, &w, &e)) fail_msg("%s", e.text);
    xp_stored_free(&w);
    return r;
}

static void every_voltage_unit_gives_the_same_millivolts(void **state) {
    (void)state;
    static const char *const gains[] = {
        "1000/mV",         "1000/MV",     "1/uV",       "1/UV",      "1/\xc2\xb5V",
        "1/\xce\xbcV",     "1/\xb5V",     "1e6/V",      "1000000/v", "1e-3/nV",
        "1000/millivolts", "1/microvolt", "1000(0)/mv",
    };
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++) {
        char header[100];
        snprintf(header, sizeof header, "r 1 500 2\nr.dat 16 %s 16 0 1 0 0 I\n", gains[i]);
        xp_record r = record_of(header, "\xd2\x04\x00\x80", 4);
        if (fabsf(r.leads[0].mv[0] - 1.234f) > 1e-6f)
            fail_msg("%s: %g", gains[i], (double)r.leads[0].mv[0]);
        assert_true(isnan(r.leads[0].mv[1]));
        assert_int_equal(r.leads[0].n_missing, 1);
        assert_true(r.leads[0].calibrated);
        xp_record_free(&r);
    }
}

static void other_signals_are_left_out_aloud(void **state) {
    (void)state;
    xp_record r = record_of("r 5 500 1\nr.dat 16 1/mV 0 0 0 0 0 avr\nr.dat 16 1/mmHg 0 0 0 0 0 V1\n"
                            "r.dat 16 1/mV 0 0 0 0 0 Resp\nr.dat 16 1/mV 0 0 0 0 0 AVR\n"
                            "r.dat 16 0 0 0 0 0 0 MDC_ECG_LEAD_V2\n",
                            "\x01\x00\x02\x00\x03\x00\x04\x00\xc8\x00", 10);
    assert_int_equal(r.n_leads, 3);
    assert_string_equal(r.leads[0].name, "aVR");
    assert_true(r.leads[0].mv[0] == 1 && r.leads[2].mv[0] == 1);
    assert_int_equal(r.leads[2].id, XP_LEAD_V2);
    assert_false(r.leads[2].calibrated);
    assert_string_equal(r.leads[1].name, "Resp"); /* a voltage, whatever it is */
    assert_int_equal(r.leads[1].id, XP_LEAD_NONE);
    assert_true(r.leads[1].mv[0] == 3);
    assert_true(has_notice(&r.notices, XP_NOTE_IGNORED, "\"mmHg\" is not a voltage"));
    assert_true(has_notice(&r.notices, XP_NOTE_IGNORED, "twice"));
    assert_true(has_notice(&r.notices, XP_NOTE_UNCALIBRATED, "200 adu/mV assumed"));
    xp_record_free(&r);
}

/* Voltages without a name, or faster than the twelve leads, whose rate is the record's. */
static void what_is_no_lead_at_all_is_left_out(void **state) {
    (void)state;
    xp_record r =
        record_of("r 4 500 1\nr.dat 16 1/mV 0 0 0 0 0 II\nr.dat 16x2 1/mV 0 0 0 0 0 fast\n"
                  "r.dat 16 1/mV\nr.dat 16 1/mV 0 0 0 0 0 MLII\n",
                  "\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00", 10);
    assert_true(r.rate == 500 && r.n == 1 && r.n_leads == 2);
    assert_string_equal(r.leads[1].name, "MLII");
    assert_true(r.leads[1].mv[0] == 5);
    xp_record_free(&r);
    r = record_of("r 1 500 1\nr.dat 16x2 1/mV 0 0 0 0 0 fast\n", "\x01\x00\x02\x00", 4);
    assert_true(r.rate == 1000 && r.n == 2 && r.n_leads == 1);
    xp_record_free(&r);
}

static void comments_give_age_sex_and_diagnosis(void **state) {
    (void)state;
    static const struct {
        const char *comments;
        double age;
        char sex;
        const char *dx;
    } cases[] = {
        {"#Age: 59\n#Sex: Female\n#Dx: 426783006,164889003\n", 59, 'F', "426783006,164889003"},
        {"# <age>: 25  <sex>: M  <diagnoses>: (none)\n", 25, 'M', ""},
        {"# age: 81\n# sex: female\n# Additional diagnoses: Diabetes\n", 81, 'F', ""},
        {"#Age: NaN\n#Sex: Unknown\n#Dx: \n", NAN, 0, ""},
        {"# stage: 3\n# <age>: ?? <sex>: ?\n", NAN, 0, ""},
        {"#Age: 300\n#Gender: male\n", NAN, 'M', ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[200];
        snprintf(header, sizeof header, "r 1 500 1\nr.dat 16 1/mV 0 0 0 0 0 I\n%s",
                 cases[i].comments);
        xp_record r = record_of(header, "\0\0", 2);
        assert_true(isnan(cases[i].age) ? isnan(r.facts.age) : r.facts.age == cases[i].age);
        assert_int_equal(r.facts.sex, cases[i].sex);
        assert_string_equal(r.facts.dx, cases[i].dx);
        xp_record_free(&r);
    }
}

/* II at 4 samples per frame, V1 at 1: a slow sine comes out the same in both. */
static void leads_of_unequal_rates_come_to_the_highest(void **state) {
    (void)state;
    enum { frames = 500 };
    static uint8_t dat[frames * 10];
    for (int i = 0; i < frames; i++)
        for (int k = 0; k < 5; k++) {
            double t = i + (k < 4 ? k / 4.0 : 0);
            int v = (int)lround(1000 * sin(2 * M_PI * t / 125));
            if (k == 4 && i == 250) v = -32768;
            xp_store_le(dat + 10 * i + 2 * k, (uint16_t)v, 2);
        }
    xp_record r = record_of("r 2 125 500\nr.dat 16x4 1000/mV 0 0 0 0 0 II\n"
                            "r.dat 16 1000/mV 0 0 0 0 0 V1\n",
                            dat, sizeof dat);
    assert_true(r.rate == 500 && r.n == 2000);
    assert_int_equal(r.leads[1].n_missing, 4);
    for (int i = 60; i < 1940; i++)
        if (!isnan(r.leads[1].mv[i]))
            assert_true(fabsf(r.leads[0].mv[i] - r.leads[1].mv[i]) < 0.01f);
    assert_true(isnan(r.leads[1].mv[1000]) && !isnan(r.leads[1].mv[1004]));
    xp_record_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_golden_record_decodes),
        cmocka_unit_test(a_challenge_record_decodes),
        cmocka_unit_test(each_format_decodes_hand_packed_samples),
        cmocka_unit_test(signals_are_dealt_out_by_frames),
        cmocka_unit_test(checksums_may_be_signed_or_unsigned),
        cmocka_unit_test(an_initial_value_that_differs_is_said),
        cmocka_unit_test(headers_in_use_are_read_with_a_notice),
        cmocka_unit_test(a_plain_header_has_no_notice),
        cmocka_unit_test(segments_use_their_own_gain_and_gaps_are_missing),
        cmocka_unit_test(every_voltage_unit_gives_the_same_millivolts),
        cmocka_unit_test(other_signals_are_left_out_aloud),
        cmocka_unit_test(what_is_no_lead_at_all_is_left_out),
        cmocka_unit_test(comments_give_age_sex_and_diagnosis),
        cmocka_unit_test(leads_of_unequal_rates_come_to_the_highest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
