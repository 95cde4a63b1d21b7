/* As test_memory.c, for recordings of every format that is read and written: the seeds of the
 * fuzzers. */
#include "scarce.h"

#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "ecg/write/write.h"
#include "support.h"
#include "unit/open_bytes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct seed {
    char name[256];
    xp_bytes bytes;
} seed;

static const xp_read_options known = {.rate = 500, .unit = "uV", .columns = "I,II"};

static xp_status open_seed(xp_stored *w, const seed *s, xp_error *err) {
    bool array = strstr(s->name, ".npy") != NULL;
    return open_bytes(w, s->name, s->bytes.data, s->bytes.size, array ? &known : NULL, err);
}

static void add_stored(scarce_result *r, const xp_stored *w) {
    for (int i = 0; i < w->n_signals; i++) {
        const xp_stored_signal *s = &w->signals[i];
        scarce_add(r, s->name, strlen(s->name));
        scarce_add(r, &s->gain, sizeof s->gain);
        if (s->digital)
            scarce_add(r, s->digital, (size_t)s->n * sizeof *s->digital);
        else
            scarce_add(r, s->physical, (size_t)s->n * sizeof *s->physical);
    }
    for (int i = 0; i < w->facts.n_statements; i++)
        scarce_add(r, w->facts.statements[i].name, strlen(w->facts.statements[i].name));
}

static xp_status read_seed(void *ctx, scarce_result *r, xp_error *err) {
    xp_stored w;
    xp_record rec;
    XP_TRY(open_seed(&w, ctx, err));
    add_stored(r, &w);
    xp_status s = xp_stored_to_record(&rec, &w, err);
    xp_stored_free(&w);
    if (s == XP_ERR_LEAD_UNKNOWN) return XP_OK; /* signals that are no leads */
    if (s != XP_OK) return s;
    for (int i = 0; i < rec.n_leads; i++)
        scarce_add(r, rec.leads[i].mv, (size_t)rec.n * sizeof *rec.leads[i].mv);
    xp_record_free(&rec);
    return XP_OK;
}

typedef struct writing {
    const xp_writer *writer;
    const xp_stored *w;
} writing;

static xp_status write_seed(void *ctx, scarce_result *r, xp_error *err) {
    static const xp_write_options keep = {.keep_identity = true};
    const writing *job = ctx;
    xp_written out;
    XP_TRY(xp_write(&out, job->writer, job->w, "record", &keep, err));
    for (int i = 0; i < out.n; i++) scarce_add(r, out.files[i].bytes.data, out.files[i].bytes.size);
    xp_written_free(&out);
    return XP_OK;
}

static void try_writers(const seed *s) {
    xp_stored w;
    xp_error err;
    if (open_seed(&w, s, &err) != XP_OK) fail_msg("%s", err.text);
    for (int i = 0; xp_writers[i]; i++) {
        xp_written out;
        writing job = {xp_writers[i], &w};
        char name[320];
        if (xp_write(&out, xp_writers[i], &w, "record", NULL, &err) != XP_OK) continue;
        xp_written_free(&out);
        snprintf(name, sizeof name, "%s as %s", s->name, xp_writers[i]->title);
        scarce_check(name, write_seed, &job);
    }
    xp_stored_free(&w);
}

/* False where it is no whole recording: seeds of errors too lie there. */
static bool try_seed(const char *folder, const char *name, bool write) {
    const char *path = data_path("../fuzz/seeds/%s/%s", folder, name);
    seed s;
    xp_stored w;
    snprintf(s.name, sizeof s.name, "%s", name);
    s.bytes = read_file(path);
    bool whole = s.bytes.size < 8192 && open_seed(&w, &s, NULL) == XP_OK;
    if (whole) {
        xp_stored_free(&w);
        scarce_check(name, read_seed, &s);
        if (write) try_writers(&s);
    }
    free((void *)s.bytes.data);
    return whole;
}

static void try_folder(const char *folder, int at_least) {
    DIR *d = opendir(data_path("../fuzz/seeds/%s", folder));
    int n = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') n += try_seed(folder, e->d_name, n == 0);
    closedir(d);
    if (n < at_least) fail_msg("%s: %d of its seeds are recordings", folder, n);
}

static void dicom(void **state) {
    (void)state;
    try_folder("dicom", 2);
}

static void edf(void **state) {
    (void)state;
    try_folder("edf", 3);
}

static void scp(void **state) {
    (void)state;
    try_folder("scp", 4);
}

static void xml(void **state) {
    (void)state;
    try_folder("xml", 6);
}

static void ishne(void **state) {
    (void)state;
    try_folder("ishne", 1);
}

/* Of text, and an array. */
static void tables(void **state) {
    (void)state;
    static uint8_t text[8192], array[80 + 2 * 2 * 120] =
                                   "\x93NUMPY\1\0\x46\0{'descr': '<i2', "
                                   "'fortran_order': False, 'shape': (2, 120)}";
    size_t n = (size_t)snprintf((char *)text, sizeof text, "Name,Doe\ntime (s),I (mV),II (uV)\n");
    for (int i = 0; i < 120; i++)
        n += (size_t)snprintf((char *)text + n, sizeof text - n, "%g,%g,%d\n", i / 250.0, i * 0.37,
                              i);
    memset(array + 72, ' ', 8);
    for (size_t i = 80; i < sizeof array; i++) array[i] = (uint8_t)(i * 7);
    seed seeds[] = {{"x.csv", {text, n}}, {"x.npy", {array, sizeof array}}};
    for (int i = 0; i < 2; i++) {
        scarce_check(seeds[i].name, read_seed, &seeds[i]);
        try_writers(&seeds[i]);
    }
}

static void pdf(void **state) {
    (void)state;
    try_folder("pdf", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dicom), cmocka_unit_test(edf),   cmocka_unit_test(scp),
        cmocka_unit_test(xml),   cmocka_unit_test(ishne), cmocka_unit_test(tables),
        cmocka_unit_test(pdf),
    };
    return cmocka_run_group_tests_name("memory of formats", tests, NULL, NULL);
}
