/* The seam behind which the formats lie: what a file is, which record a name stands for, which
 * records there are among files in memory and in folders. */
#include "support.h"

#include "ecg/reader_path.h"
#include "ecg/source_memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE(file) file " 16 1000/mV 16 0 0 0 0 I\n"

typedef struct named {
    const char *path, *text;
} named;

static xp_bytes bytes_of(const char *text) {
    return (xp_bytes){(const uint8_t *)text, strlen(text)};
}

/* ==== what a file is ========================================================================= */

static void assert_kind(const char *name, const char *start, size_t n, const char *what) {
    xp_sniffed s = xp_sniff(name, (xp_bytes){(const uint8_t *)start, n});
    if (!s.kind || strcmp(s.kind->what, what))
        fail_msg("%s: %s", name, s.kind ? s.kind->what : "no kind");
    assert_null(s.format);
}

static void content_counts_for_more_than_a_name(void **state) {
    (void)state;
    static const char *const names[] = {"IM0001", "study.mwf", "a.csv", "a.hea", "d.1/IM0001"};
    for (int i = 0; i < 5; i++) assert_kind(names[i], "GDF 2.10", 8, "a GDF file");
    assert_kind("x.xml", "<?xml version=\"1.0\"?><sheet>", 28, "an XML file");
    assert_kind("x.gdf", "\x89PNG", 4, "a picture");
    assert_kind("x", "PK\3\4", 4, "an archive");
    assert_kind("x.docx", "PK\3\4", 4, "a document");
    assert_kind("x.svg", "<?xml version=\"1.0\"?><svg>", 26, "a picture");
    assert_kind("X.GDF", "", 0, "a GDF file");
    assert_kind("x.Dat", "GDF", 3, "a WFDB signal file");
    xp_sniffed header = xp_sniff("d/100.HEA", bytes_of("100 1 500\n"));
    assert_string_equal(header.format->name, "WFDB");
    assert_int_equal(header.likeness, XP_LIKE_BY_NAME);
    static const char *const unknown[] = {"x", "x.xyz", "x.", ".gdf/x", "x.gd", "x.gdff", "x. "};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        xp_sniffed s = xp_sniff(unknown[i], bytes_of("nothing in particular"));
        if (s.format || s.kind) fail_msg("%s is known", unknown[i]);
    }
}

static void names_lose_their_endings(void **state) {
    (void)state;
    assert_int_equal(xp_header_stem("d/100.HEA"), 5);
    assert_int_equal(xp_header_stem("d/100.dat"), 9);
    assert_int_equal(xp_record_stem("d/100.dat"), 5);
    assert_int_equal(xp_record_stem("d/100.mat"), 5);
    assert_int_equal(xp_record_stem("d/100.dcm"), 9);
    assert_int_equal(xp_header_stem(".hea"), 4);
}

/* ==== opening ================================================================================ */

/* Opens name among files that are in memory. */
static xp_status open_memory(const named *files, int n, const char *name, xp_record *rec,
                             xp_error *err) {
    xp_memory_file list[8];
    for (int i = 0; i < n; i++)
        list[i] =
            (xp_memory_file){files[i].path, (const uint8_t *)files[i].text, strlen(files[i].text)};
    xp_memory_files all = {list, n};
    xp_file_source src = xp_memory_source(&all);
    return xp_record_open(rec, &src, name, NULL, err);
}

static const named one_record[] = {{"r.hea", "r 1 500 2\n" LINE("s.dat")},
                                   {"s.dat", "abcd"},
                                   {"r.png", "\x89PNG its picture"},
                                   {"study.gdf", "no GDF inside"},
                                   {"lone.dat", "abcd"},
                                   {"page", "\x89PNG"},
                                   {"notes.xyz", "?"}};
enum { ONE_RECORD = sizeof one_record / sizeof *one_record };

static void any_file_of_a_record_opens_it(void **state) {
    (void)state;
    static const char *const names[] = {"r", "r.hea", "r.png", "r.dat"};
    for (int i = 0; i < 4; i++) {
        xp_record rec;
        xp_error err;
        if (open_memory(one_record, ONE_RECORD, names[i], &rec, &err) != XP_OK)
            fail_msg("%s: %s", names[i], err.text);
        assert_int_equal(rec.n, 2);
        assert_string_equal(rec.name, "r");
        assert_string_equal(rec.leads[0].name, "I");
        xp_record_free(&rec);
    }
}

static void what_is_not_read_is_named_with_advice(void **state) {
    (void)state;
    static const struct {
        const char *name;
        xp_status status;
        const char *told, *advice;
    } cases[] = {
        {"study.gdf", XP_ERR_UNSUPPORTED, "study.gdf is a GDF file", "convert"},
        {"page", XP_ERR_UNSUPPORTED, "page is a picture", "use the recording itself"},
        {"lone.dat", XP_ERR_NOT_FOUND, "lone.hea is missing", "together"},
        {"notes.xyz", XP_ERR_NOT_FOUND, "notes.hea is missing", "together"},
        {"none.hea", XP_ERR_NOT_FOUND, "none.hea is missing", "together"},
        {"none", XP_ERR_NOT_FOUND, "none.hea is missing", "together"},
        {"a.b", XP_ERR_NOT_FOUND, "a.b.hea is missing", "together"},
        {"", XP_ERR_USAGE, "is not a record name", ""},
        {"S.dat", XP_ERR_NOT_FOUND, "S.dat.hea is missing", "together"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_record rec = {.n_leads = -77};
        xp_error err = {0};
        xp_status s = open_memory(one_record, ONE_RECORD, cases[i].name, &rec, &err);
        if (s != cases[i].status || err.code != s || !strstr(err.text, cases[i].told) ||
            !strstr(err.text, cases[i].advice))
            fail_msg("%s: %s: %s", cases[i].name, xp_status_name(s), err.text);
        assert_int_equal(rec.n_leads, -77);
    }
    char long_name[200];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    xp_record rec;
    assert_int_equal(open_memory(one_record, ONE_RECORD, long_name, &rec, NULL), XP_ERR_USAGE);
}

/* A source need not be able to give the first bytes alone. */
static xp_status get_only(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    const xp_file_source *src = ctx;
    return src->get(src->ctx, name, out, err);
}

static void a_source_without_peek_will_do(void **state) {
    (void)state;
    xp_memory_file list[] = {{"r.hea", (const uint8_t *)one_record[0].text, 0},
                             {"s.dat", (const uint8_t *)"abcd", 4},
                             {"x.gdf", (const uint8_t *)"\x89PNG", 4}};
    list[0].size = strlen(one_record[0].text);
    xp_memory_files all = {list, 3};
    xp_file_source memory = xp_memory_source(&all);
    xp_file_source src = {.get = get_only, .ctx = &memory};
    xp_stored w;
    xp_error err;
    assert_int_equal(xp_stored_open(&w, &src, "r", NULL, &err), XP_OK);
    assert_int_equal(w.signals[0].digital[0], 'a' + 256 * 'b');
    xp_stored_free(&w);
    assert_int_equal(xp_stored_open(&w, &src, "x.gdf", NULL, &err), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "a picture"));
}

/* ==== lists ================================================================================== */

static size_t shown; /* bytes that a listing has asked for */

static xp_listing *list_of(const named *files, int n) {
    xp_listing *l = xp_listing_create();
    size_t size;
    assert_non_null(l);
    shown = 0;
    for (int i = 0; i < n; i++) xp_listing_add(l, files[i].path, strlen(files[i].text));
    for (int i; (i = xp_listing_next(l, &size)) >= 0;) {
        xp_listing_show(l, i, (xp_bytes){(const uint8_t *)files[i].text, size});
        assert_true(size <= strlen(files[i].text));
        shown += size;
    }
    return l;
}

/* The list as text: a line a record, "type name: file=name ... -missing !problem", and a line for
 * each other file. */
static const char *told(const xp_listing *l) {
    static char text[4096];
    int n;
    size_t at = 0;
    const xp_listed_record *r = xp_listing_records(l, &n);
    assert_non_null(r);
    text[0] = 0;
    for (int i = 0; i < n; i++, r++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s %s:", r->type, r->name);
        for (int k = 0; k < r->n_files; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, " %d=%s", r->files[k].index,
                                   r->files[k].name);
        for (int k = 0; k < r->n_missing; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, " -%s",
                                   r->files[r->n_files + k].name);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\n", r->problem ? " !" : "");
    }
    const xp_listed_other *o = xp_listing_others(l, &n);
    for (int i = 0; i < n; i++, o++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%d %s\n", o->index,
                               o->kind ? o->kind->name : "?");
    return text;
}

static void assert_list(const named *files, int n, const char *expected) {
    xp_listing *l = list_of(files, n);
    assert_string_equal(told(l), expected);
    xp_listing_free(l);
}

#define ASSERT_LIST(files, expected) assert_list(files, sizeof files / sizeof *files, expected)

static void records_are_found_with_their_files(void **state) {
    (void)state;
    const named files[] = {{"a.hea", "# c\n\na 2 500 2\n" LINE("x.dat") LINE("y.DAT")},
                           {"X.dat", "1"},
                           {"y.dat", "1"},
                           {"d/a.hea", "a 1 500\r" LINE("a.dat")},
                           {"d/x.dat", "1"},
                           {"D/a.dat", "1"},
                           {"a.png", "\x89PNG"},
                           {"a.b.png", "\x89PNG"},
                           {"IM1", "\x89PNG"},
                           {"zz", "?"},
                           {"d/empty.gdf", ""},
                           {"a.x/", "?"}};
    ASSERT_LIST(files, "WFDB .dat a: 0=a.hea 1=X.dat 2=y.dat\n"
                       "WFDB a: 3=a.hea -a.dat\n"
                       "4 WFDB signals\n5 WFDB signals\n7 picture\n8 picture\n9 ?\n"
                       "10 GDF\n11 ?\n");
}

static void only_what_is_needed_is_looked_at(void **state) {
    (void)state;
    static char large[100001];
    memset(large, 'x', sizeof large - 1);
    const named files[] = {
        {"a.hea", "a 1 500\n" LINE("a.dat")}, {"a.dat", large}, {"b.bin", large}};
    xp_listing *l = list_of(files, 3);
    assert_int_equal(shown, strlen(files[0].text) + XP_SNIFF_BYTES);
    xp_listing_free(l);
}

static void segments_are_parts_of_their_record(void **state) {
    (void)state;
    const named files[] = {{"p1.hea", "p1 1 500 1\n" LINE("p1.dat")},
                           {"p1.dat", "1"},
                           {"p2.hea", "p2 1 500 1\n" LINE("q.dat")},
                           {"w.hea", "w/4 1 500 3\np1 1\n~ 1\np2 1\np3 1\n"},
                           {"other.hea", "other 1 500\n" LINE("~")}};
    ASSERT_LIST(files, "WFDB 3 segments w: 3=w.hea 0=p1.hea 1=p1.dat 2=p2.hea -q.dat -p3.hea\n"
                       "WFDB other: 4=other.hea\n");
    const named selves[] = {{"a.hea", "a/1 1 500 3\na 1\n"},
                            {"b.hea", "b/1 1 500 3\nc 1\n"},
                            {"c.hea", "c/1 1 500 3\nb 1\n"}};
    ASSERT_LIST(selves, "WFDB 1 segment a: 0=a.hea\nWFDB 1 segment b: 1=b.hea 2=c.hea\n");
}

static void names_that_are_there_twice_are_a_problem(void **state) {
    (void)state;
    const named files[] = {{"a.hea", "a 1 500\n" LINE("a.dat")},
                           {"a.dat", "1"},
                           {"a.dat", "2"},
                           {"b.hea", "b 1 500\n"},
                           {"b.HEA", "b 1 500\n"},
                           {"b.hea", "b 1 500\n"},
                           {"c.hea", "c 1 500\n" LINE("a.dat")},
                           {"c.hea", ""}};
    xp_listing *l = list_of(files, 8);
    int n;
    const xp_listed_record *r = xp_listing_records(l, &n);
    assert_int_equal(n, 3);
    assert_non_null(strstr(r[0].problem, "a.dat is there twice"));
    assert_non_null(strstr(r[1].problem, "b.hea is there 3 times"));
    assert_non_null(strstr(r[2].problem, "c.hea is there twice")); /* named before a.dat */
    xp_listing_free(l);
}

static void another_case_of_a_header_is_spelled_as_usual(void **state) {
    (void)state;
    const named files[] = {{"d/Q.HEA", "Q 1 500\n" LINE("q.dat")}, {"d/Q.DAT", "1"}};
    ASSERT_LIST(files, "WFDB .dat Q: 0=Q.hea 1=Q.DAT\n");
}

/* Headers that were written in another folder, or on another computer: what is at its path counts,
 * else what lies beside the header. */
static void files_that_are_not_at_their_paths_are_looked_for_beside_the_header(void **state) {
    (void)state;
    const named files[] = {{"d/a.hea", "far/a 2 500\n" LINE("far/a.dat") LINE("sub/b.dat")},
                           {"d/a.dat", "1"},
                           {"d/b.dat", "1"},
                           {"d/sub/b.dat", "2"},
                           {"d/w.hea", "C:\\x\\w 1 500\n" LINE("C:\\x\\w.dat")},
                           {"d/w.dat", "1"},
                           {"d/m.hea", "far/m/2 1 500 2\nfar/p 1\nsub/q 1\n"},
                           {"d/p.hea", "p 1 500 1\n" LINE("p.dat")},
                           {"d/p.dat", "1"},
                           {"d/sub/q.hea", "q 1 500 1\n" LINE("q.dat")},
                           {"d/sub/q.dat", "1"},
                           {"d/12/7.hea", "12/7 1 500\n" LINE("7.dat")},
                           {"d/12/7.dat", "1"}};
    ASSERT_LIST(files, "WFDB .dat a: 0=a.hea 1=a.dat 3=sub/b.dat\n"
                       "WFDB .dat w: 4=w.hea 5=w.dat\n"
                       "WFDB 2 segments m: 6=m.hea 7=p.hea 8=p.dat 9=sub/q.hea 10=sub/q.dat\n"
                       "WFDB .dat 7: 11=7.hea 12=7.dat\n"
                       "2 WFDB signals\n");
}

/* Whatever stands in a header, its files are looked for in its folder alone. */
static void hostile_headers_name_nothing_outside(void **state) {
    (void)state;
    static char many[300000];
    size_t at = (size_t)snprintf(many, sizeof many, "m/1000000000 1 500\n");
    while (at + 20 < sizeof many) at += (size_t)snprintf(many + at, 20, "s%zu 1\n", at);
    const named files[] = {
        {"d/a.hea", "a 4 500\n" LINE("../b.dat") LINE("/etc/passwd") LINE("C:x") LINE("..")},
        {"b.dat", "1"},
        {"d/m.hea", many},
        {"d/n.hea", "\1\2\3 16\nb.dat 16\n"},
        {"d/u.hea", "\xff\xfeu\n"},
        {"d/.hea", "x 1\n"},
        {"", ""},
        {"d/", "x"}};
    xp_listing *l = list_of(files, sizeof files / sizeof *files);
    int n, others;
    const xp_listed_record *r = xp_listing_records(l, &n);
    assert_int_equal(n, 4);
    assert_true(r[0].n_files == 1 && r[0].n_missing == 3); /* looked for beside the header */
    static const char *const beside[] = {"a.hea", "b.dat", "passwd", "x"};
    for (int i = 0; i < 4; i++) assert_string_equal(r[0].files[i].name, beside[i]);
    assert_true(r[1].n_files == 1 && r[1].n_missing > 10000);
    assert_int_equal(r[2].n_files + r[2].n_missing + r[3].n_files + r[3].n_missing, 2);
    xp_listing_others(l, &others);
    assert_int_equal(others, 4);
    xp_listing_free(l);
}

static void what_cannot_be_read_is_listed_all_the_same(void **state) {
    (void)state;
    xp_listing *l = xp_listing_create();
    size_t size;
    int n;
    xp_listing_add(l, "a.hea", 20);
    xp_listing_add(l, "huge.hea", UINT64_C(1) << 40);
    xp_listing_add(l, "x.gdf", 20);
    assert_int_equal(xp_listing_next(l, &size), 0);
    assert_int_equal(xp_listing_next(l, &size), -1); /* until it is shown */
    xp_listing_records(l, &n);
    assert_int_equal(n, 0);
    xp_listing_show(l, 0, (xp_bytes){NULL, 0});
    assert_int_equal(xp_listing_next(l, &size), 2);
    xp_listing_show(l, 2, (xp_bytes){NULL, 0});
    assert_int_equal(xp_listing_next(l, &size), -1);
    assert_string_equal(told(l), "WFDB a: 0=a.hea\nWFDB huge: 1=huge.hea\n2 GDF\n");
    xp_listing_free(l);
    xp_listing_free(NULL);
}

/* ==== on disk ================================================================================ */

static void write_named(const char *dir, const named *f) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, f->path);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(f->text, out);
    fclose(out);
}

static bool count_and_find(void *ctx, const char *file) {
    const char *wanted = ((const char **)ctx)[0];
    size_t n = strlen(file), k = strlen(wanted);
    return n > k && !strcmp(file + n - k, wanted);
}

static void folders_are_read_and_listed(void **state) {
    (void)state;
    char dir[] = "xp_reader_XXXXXX", path[200];
    assert_non_null(mkdtemp(dir));
    const named files[] = {{"w.hea", "w/2 1 500 4\np 2\np 2\n"},
                           {"p.hea", "p 1 500 2\n" LINE("p.dat")},
                           {"p.dat", "abcd"},
                           {"study", "\x89PNG"}};
    for (int i = 0; i < 4; i++) write_named(dir, &files[i]);
    xp_listing *l = xp_listing_create();
    for (int i = 0; i < 4; i++) xp_listing_add(l, files[i].path, strlen(files[i].text));
    xp_listing_add(l, "gone.hea", 10);
    xp_listing_read_folder(l, dir);
    assert_string_equal(told(l), "WFDB 1 segment w: 0=w.hea 1=p.hea 2=p.dat\n"
                                 "WFDB gone: 4=gone.hea\n3 picture\n");
    xp_listing_free(l);

    xp_record rec;
    xp_error err;
    snprintf(path, sizeof path, "%s/w", dir);
    if (xp_record_open_path(&rec, path, NULL, &err) != XP_OK) fail_msg("%s", err.text);
    assert_int_equal(rec.n, 4);
    xp_record_free(&rec);
    const char *own[] = {"/w.hea", "/p.hea", "/p.dat"};
    for (int i = 0; i < 3; i++) assert_true(xp_record_each_file(path, count_and_find, &own[i]));
    const char *none[] = {"/study"};
    assert_false(xp_record_each_file(path, count_and_find, none));
    char full[4096], here[4096];
    assert_true(xp_record_real_path(path, full, sizeof full));
    assert_non_null(realpath(dir, here));
    assert_memory_equal(full, here, strlen(here));
    assert_string_equal(full + strlen(here), "/w");
    assert_false(xp_record_real_path(path, full, 4));
    assert_false(xp_record_real_path("no/such/record", full, sizeof full));
    assert_int_equal(xp_record_open_path(&rec, dir, NULL, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "is a folder"));
    snprintf(path, sizeof path, "%s/study", dir);
    assert_int_equal(xp_record_open_path(&rec, path, NULL, &err), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "study is a picture"));
    assert_false(xp_record_each_file(path, count_and_find, none));
    snprintf(path, sizeof path, "%s/", dir);
    assert_int_equal(xp_record_open_path(&rec, path, NULL, &err), XP_ERR_USAGE);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i].path);
        unlink(path);
    }
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_counts_for_more_than_a_name),
        cmocka_unit_test(names_lose_their_endings),
        cmocka_unit_test(any_file_of_a_record_opens_it),
        cmocka_unit_test(what_is_not_read_is_named_with_advice),
        cmocka_unit_test(a_source_without_peek_will_do),
        cmocka_unit_test(records_are_found_with_their_files),
        cmocka_unit_test(only_what_is_needed_is_looked_at),
        cmocka_unit_test(segments_are_parts_of_their_record),
        cmocka_unit_test(names_that_are_there_twice_are_a_problem),
        cmocka_unit_test(another_case_of_a_header_is_spelled_as_usual),
        cmocka_unit_test(files_that_are_not_at_their_paths_are_looked_for_beside_the_header),
        cmocka_unit_test(hostile_headers_name_nothing_outside),
        cmocka_unit_test(what_cannot_be_read_is_listed_all_the_same),
        cmocka_unit_test(folders_are_read_and_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
