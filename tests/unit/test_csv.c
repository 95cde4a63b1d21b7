#include "data/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static xp_bytes text(const char *s) {
    return (xp_bytes){(const uint8_t *)s, strlen(s)};
}

static xp_csv *reader(const char *s) {
    xp_csv *c;
    assert_int_equal(xp_csv_open_bytes(&c, text(s), "t.csv", ',', NULL), XP_OK);
    return c;
}

/* The row as its fields joined by '|'. */
static void assert_row(xp_csv *c, const char *expected) {
    char got[400] = "";
    xp_error e = {0};
    if (xp_csv_next(c, &e) != XP_OK) fail_msg("%s", e.text);
    for (int i = 0; i < xp_csv_count(c); i++) {
        if (i) strcat(got, "|");
        strcat(got, xp_csv_field(c, i));
    }
    assert_string_equal(got, expected);
}

static void reads_what_the_rfc_allows(void **state) {
    (void)state;
    xp_csv *c = reader("\xef\xbb\xbf"
                       "a,b c,\xc3\xa9\r\n"
                       "\"1,2\",\"say \"\"hi\"\"\",\"two\nlines\"\n"
                       "\n\r\n"
                       ",,\"\"\r"
                       "  x ,5\" pipe,last");
    assert_row(c, "a|b c|\xc3\xa9");
    assert_int_equal(xp_csv_line(c), 1);
    assert_row(c, "1,2|say \"hi\"|two\nlines");
    assert_int_equal(xp_csv_line(c), 2);
    assert_row(c, "||");
    assert_int_equal(xp_csv_line(c), 6);
    assert_row(c, "  x |5\" pipe|last");
    assert_int_equal(xp_csv_line(c), 7);
    assert_row(c, "");
    assert_int_equal(xp_csv_count(c), 0);
    assert_string_equal(xp_csv_field(c, 0), "");
    xp_csv_close(c);
}

static void finds_columns_and_numbers(void **state) {
    (void)state;
    xp_csv *c = reader("id,age,name\n15709.0,-2.5e1,x\n7.5,,\n");
    xp_error e;
    int id, age, other;
    double v;
    uint64_t n;
    assert_int_equal(xp_csv_header(c, &e), XP_OK);
    assert_int_equal(xp_csv_column(c, "id", &id, &e), XP_OK);
    assert_int_equal(xp_csv_column(c, "age", &age, &e), XP_OK);
    assert_int_equal(xp_csv_column(c, "sex", &other, &e), XP_ERR_NOT_FOUND);
    assert_string_equal(e.text, "t.csv has no column 'sex'; its columns are: id, age, name");
    assert_int_equal(xp_csv_next(c, &e), XP_OK);
    assert_int_equal(xp_csv_id(c, id, &n, &e), XP_OK);
    assert_int_equal(n, 15709);
    assert_int_equal(xp_csv_number(c, age, &v, &e), XP_OK);
    assert_true(v == -25);
    assert_int_equal(xp_csv_next(c, &e), XP_OK);
    assert_int_equal(xp_csv_id(c, id, &n, &e), XP_ERR_FORMAT);
    assert_string_equal(e.text,
                        "t.csv, line 3, column 1 (id): '7.5' where a whole number was expected");
    assert_int_equal(xp_csv_number(c, age, &v, &e), XP_ERR_FORMAT);
    xp_csv_close(c);
}

static void assert_fails(const char *s, xp_status code, const char *where) {
    xp_csv *c = reader(s);
    xp_error e = {0};
    xp_status got = xp_csv_header(c, &e);
    while (got == XP_OK && (got = xp_csv_next(c, &e)) == XP_OK && xp_csv_count(c)) {
    }
    assert_int_equal(got, code);
    if (!strstr(e.text, where)) fail_msg("'%s' does not say '%s'", e.text, where);
    xp_csv_close(c);
}

static void errors_name_the_place(void **state) {
    (void)state;
    assert_fails("a,b\n1,2\n3,\"x\n", XP_ERR_FORMAT, "t.csv, line 3, column 2: a quote is opened");
    assert_fails("a,b\n1,\"x\"y\n", XP_ERR_FORMAT, "line 2, column 2 (b): 'y' follows a closing");
    assert_fails("a,b\n1,2\n\n1,2,3\n", XP_ERR_FORMAT, "line 4: 3 fields where the header has 2");
    assert_fails("a,b\n1\n", XP_ERR_FORMAT, "line 2: 1 fields");
    assert_fails("a,b,a\n", XP_ERR_FORMAT, "'a' occurs twice");
    assert_fails("", XP_ERR_FORMAT, "is empty");
    xp_csv *c;
    xp_error e;
    assert_int_equal(
        xp_csv_open_bytes(&c, (xp_bytes){(const uint8_t *)"a\0b", 3}, "z.csv", ',', &e), XP_OK);
    assert_int_equal(xp_csv_next(c, &e), XP_ERR_FORMAT);
    assert_non_null(strstr(e.text, "z.csv, line 1, column 1: a zero byte"));
    xp_csv_close(c);
    assert_int_equal(xp_csv_open(&c, "/no/such/file.csv", ',', &e), XP_ERR_NOT_FOUND);
}

static void hostile_rows_are_bounded(void **state) {
    (void)state;
    size_t n = XP_CSV_ROW_LIMIT + 100;
    char *s = malloc(n);
    xp_csv *c;
    xp_error e;
    memset(s, 'x', n);
    s[0] = '"';
    assert_int_equal(xp_csv_open_bytes(&c, (xp_bytes){(uint8_t *)s, n}, "t.csv", ',', &e), XP_OK);
    assert_int_equal(xp_csv_next(c, &e), XP_ERR_LIMIT);
    xp_csv_close(c);
    memset(s, ',', n);
    assert_int_equal(xp_csv_open_bytes(&c, (xp_bytes){(uint8_t *)s, n}, "t.csv", ',', &e), XP_OK);
    assert_int_equal(xp_csv_next(c, &e), XP_ERR_LIMIT);
    xp_csv_close(c);
    free(s);
}

/* More than one read buffer, with CRLF and quotes at every place of the buffer's edge. */
static void streams_a_file_across_buffers(void **state) {
    (void)state;
    char path[] = "/tmp/xp_csv_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "wb");
    for (int i = 0; i < 30000; i++) fprintf(f, "%d,\"a\"\"%d\"\r\n", i, i);
    fclose(f);
    xp_csv *c;
    xp_error e = {0};
    assert_int_equal(xp_csv_open(&c, path, ',', &e), XP_OK);
    for (int i = 0; i < 30000; i++) {
        char a[16], b[20];
        snprintf(a, sizeof a, "%d", i);
        snprintf(b, sizeof b, "a\"%d", i);
        if (xp_csv_next(c, &e) != XP_OK) fail_msg("%s", e.text);
        assert_int_equal(xp_csv_count(c), 2);
        assert_int_equal(xp_csv_line(c), i + 1);
        assert_string_equal(xp_csv_field(c, 0), a);
        assert_string_equal(xp_csv_field(c, 1), b);
    }
    assert_row(c, "");
    xp_csv_close(c);
    remove(path);
}

static void writes_what_it_reads(void **state) {
    (void)state;
    static const char *const fields[] = {"plain", "a,b", "say \"hi\"", "two\nlines", "", " edge "};
    char folder[] = "/tmp/xp_csv_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.csv", folder);
    xp_csv_writer *w;
    xp_error e = {0};
    assert_int_equal(xp_csv_create(&w, path, &e), XP_OK);
    for (int i = 0; i < 6; i++) xp_csv_put(w, fields[i]);
    xp_csv_end_row(w);
    assert_false(exists(path)); /* nothing is there before the end */
    assert_int_equal(xp_csv_commit(w, &e), XP_OK);
    xp_csv *c;
    assert_int_equal(xp_csv_open(&c, path, ',', &e), XP_OK);
    assert_int_equal(xp_csv_next(c, &e), XP_OK);
    assert_int_equal(xp_csv_count(c), 6);
    for (int i = 0; i < 6; i++) assert_string_equal(xp_csv_field(c, i), fields[i]);
    xp_csv_close(c);

    assert_int_equal(xp_csv_create(&w, path, &e), XP_OK);
    xp_csv_put(w, "other");
    xp_csv_abandon(w);
    xp_bytes b = read_file(path);
    assert_memory_equal(b.data, "plain,\"a,b\"", 11);
    free((void *)b.data);
    remove(path);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left */
}

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    if (!exists("/dev/full")) skip();
    xp_csv_writer *w;
    xp_error e = {0};
    assert_int_equal(xp_csv_create(&w, "/dev/full", &e), XP_OK);
    xp_csv_put(w, "x");
    assert_int_equal(xp_csv_commit(w, &e), XP_ERR_IO);
    assert_non_null(strstr(e.text, "space left"));
}

/* What cannot be written as it was meant is not written at all. */
static void a_cut_field_is_an_error(void **state) {
    (void)state;
    char folder[] = "/tmp/xp_csv_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.csv", folder);
    xp_csv_writer *w;
    xp_error e = {0};
    assert_int_equal(xp_csv_create(&w, path, &e), XP_OK);
    xp_csv_putf(w, "%600d", 1);
    assert_int_equal(xp_csv_commit(w, &e), XP_ERR_INTERNAL);
    assert_non_null(strstr(e.text, path));
    assert_false(exists(path));
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_rfc_allows),
        cmocka_unit_test(finds_columns_and_numbers),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(hostile_rows_are_bounded),
        cmocka_unit_test(streams_a_file_across_buffers),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(a_cut_field_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
