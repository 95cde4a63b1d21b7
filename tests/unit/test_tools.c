/* The tool's own library: options, what is written, arrays, inputs. The commands themselves are
 * tested from outside (tests/tool). */
#include "arrays.h"
#include "base/file.h"
#include "inputs.h"
#include "nn_samples.h"
#include "options.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ==== options ================================================================================ */

typedef struct options {
    bool flag;
    const char *text;
    int count;
    double number, range[2];
    text_list texts, words;
} options;

static const option_spec TABLE[] = {
    {"flag", 'f', OPTION_FLAG, NULL, "a flag", offsetof(options, flag)},
    {"text", 't', OPTION_TEXT, "TEXT", "a text", offsetof(options, text)},
    {"count", 'c', OPTION_COUNT, "N", "a count", offsetof(options, count)},
    {"number", 0, OPTION_NUMBER, "X", "a number", offsetof(options, number)},
    {"range", 0, OPTION_RANGE, "LOW,HIGH", "a range", offsetof(options, range)},
    {"texts", 0, OPTION_TEXTS, "TEXT", "several", offsetof(options, texts)},
    {"words", 'w', OPTION_WORDS, "WORD...", "up to the next", offsetof(options, words)},
    {0}};

typedef struct parsed {
    options opt;
    options_result result;
    char *argv[OPTION_LIST_MAX + 16];
    arguments args;
    char message[200];
} parsed;

/* line: words with one blank between them; "_" stands for an empty one. */
static parsed *parse(const char *line) {
    static parsed p;
    static char text[1024 + 2 * OPTION_LIST_MAX];
    p = (parsed){0};
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        if (!strcmp(word, "_")) *word = 0;
        p.argv[argc++] = word;
    }
    p.result = options_parse(TABLE, &p.opt, argc, p.argv, &p.args, p.message, sizeof p.message);
    return &p;
}

static void options_in_every_spelling(void **state) {
    (void)state;
    static const char *const texts[] = {"--text value", "--text=value", "-t value", "-tvalue"};
    for (int i = 0; i < 4; i++) {
        const parsed *p = parse(texts[i]);
        assert_int_equal(p->result, OPTIONS_OK);
        assert_string_equal(p->opt.text, "value");
        assert_int_equal(p->args.n, 0);
    }
    const parsed *p = parse("-f --count 7 --number 2.5e-1 --range 0.5,40");
    assert_int_equal(p->result, OPTIONS_OK);
    assert_true(p->opt.flag && p->opt.count == 7 && p->opt.number == 0.25);
    assert_true(p->opt.range[0] == 0.5 && p->opt.range[1] == 40);
}

static void arguments_stand_anywhere(void **state) {
    (void)state;
    const parsed *p = parse("a -f b --text c d - -- -x --flag");
    static const char *const want[] = {"a", "b", "d", "-", "-x", "--flag"};
    assert_int_equal(p->result, OPTIONS_OK);
    assert_int_equal(p->args.n, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(p->args.items[i], want[i]);
    assert_string_equal(p->opt.text, "c");
}

static void lists_of_texts(void **state) {
    (void)state;
    const parsed *p = parse("--texts a x --texts=b --words c d e -f y");
    assert_int_equal(p->result, OPTIONS_OK);
    assert_int_equal(p->opt.texts.n, 2);
    assert_string_equal(p->opt.texts.items[1], "b");
    assert_int_equal(p->opt.words.n, 3);
    assert_string_equal(p->opt.words.items[2], "e");
    assert_int_equal(p->args.n, 2); /* x, y */
    p = parse("--words=c d");
    assert_int_equal(p->opt.words.n, 1);
    assert_int_equal(p->args.n, 1);
}

static void help_is_asked_for(void **state) {
    (void)state;
    assert_int_equal(parse("a --help --unknown")->result, OPTIONS_HELP);
    assert_int_equal(parse("-h")->result, OPTIONS_HELP);
    assert_int_equal(parse("-- -h")->result, OPTIONS_OK);
}

static void expect_bad(const char *line, const char *word) {
    const parsed *p = parse(line);
    if (p->result != OPTIONS_BAD) fail_msg("%s: taken", line);
    if (!strstr(p->message, word)) fail_msg("%s: \"%s\" does not say %s", line, p->message, word);
}

static void bad_options_are_named(void **state) {
    (void)state;
    static const char *const bad[][2] = {{"--flags", "--flags"},
                                         {"-x", "-x"},
                                         {"--fla", "--fla"},
                                         {"--flag=1", "takes no value"},
                                         {"-fx", "takes no value"},
                                         {"--text", "needs a value: TEXT"},
                                         {"--text _", "not empty"},
                                         {"--text=", "not empty"},
                                         {"--count -1", "whole number"},
                                         {"--count 1.5", "whole number"},
                                         {"--count 1x", "whole number"},
                                         {"--count 3000000000", "whole number"},
                                         {"--count nan", "whole number"},
                                         {"--number 0", "above 0"},
                                         {"--number inf", "above 0"},
                                         {"--number 1e999", "above 0"},
                                         {"--range 1", "LOW,HIGH"},
                                         {"--range 2,1", "LOW,HIGH"},
                                         {"--range 0,1", "LOW,HIGH"},
                                         {"--range 1,2,3", "LOW,HIGH"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect_bad(bad[i][0], bad[i][1]);
    char line[16 + 2 * (OPTION_LIST_MAX + 1)] = "--words";
    for (int i = 0; i <= OPTION_LIST_MAX; i++) strcat(line, " w");
    expect_bad(line, "at most 520");
}

static void help_lists_every_option(void **state) {
    (void)state;
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    options_print(f, TABLE);
    fclose(f);
    for (const option_spec *s = TABLE; s->name; s++) {
        char want[80];
        snprintf(want, sizeof want, "--%s%s%s", s->name, s->value ? " " : "",
                 s->value ? s->value : "");
        if (!strstr(text, want) || !strstr(text, s->help)) fail_msg("help lacks %s", want);
    }
    assert_non_null(strstr(text, "-h, --help"));
    free(text);
}

/* ==== what is written ======================================================================== */

static void expect_json(cJSON *o, const char *want) {
    char *text = cJSON_PrintUnformatted(o);
    assert_non_null(text);
    assert_string_equal(text, want);
    cJSON_free(text);
    cJSON_Delete(o);
}

static void json_values(void **state) {
    (void)state;
    expect_json(xp_json_number(0.1), "0.1");
    expect_json(xp_json_number((double)0.1f),
                "0.100000001"); /* nine digits: every float survives */
    expect_json(xp_json_number(NAN), "null");
    expect_json(xp_json_number(-INFINITY), "null");
    expect_json(xp_json_integer(INT64_MIN), "-9223372036854775808");
    expect_json(xp_json_integer_or_null(NAN), "null");
    expect_json(xp_json_integer_or_null(12), "12");
    expect_json(xp_json_text_or_null(""), "null");
    expect_json(xp_json_text(""), "\"\"");
}

static void json_with_a_hole_is_not_printed(void **state) {
    (void)state;
    cJSON *list = cJSON_CreateArray(), *o = cJSON_CreateObject();
    xp_json_append(list, xp_json_integer(1));
    xp_json_append(list, NULL); /* what a part is that there was no memory for */
    xp_json_append(list, xp_json_integer(2));
    xp_json_add(o, "list", list);
    xp_json_add(o, "after", xp_json_integer(3));
    assert_null(xp_json_print(o));
    xp_json_add(NULL, "item", xp_json_integer(1));
    assert_null(xp_json_print(NULL));
}

static void json_texts_are_utf8(void **state) {
    (void)state;
    expect_json(xp_json_text("m\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80"),
                "\"m\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80\"");
    expect_json(xp_json_text("m\xfcller"), "\"m\xc3\xbcller\"");               /* Latin-1 */
    expect_json(xp_json_text("\xc0\x80"), "\"\xc3\x80\xc2\x80\"");             /* overlong */
    expect_json(xp_json_text("\xed\xa0\x80"), "\"\xc3\xad\xc2\xa0\xc2\x80\""); /* a surrogate */
    expect_json(xp_json_text("\xe2\x82"), "\"\xc3\xa2\xc2\x82\"");             /* cut short */
    expect_json(xp_json_text("\"\\\n"), "\"\\\"\\\\\\n\"");
}

static void terminals_get_no_control_characters(void **state) {
    (void)state;
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    print_clean(f, "a\x1b[31mb\tc\x7f\xc3\xbc");
    fclose(f);
    assert_string_equal(text, "a?[31mb?c?\xc3\xbc");
    free(text);
}

static char folder[] = "/tmp/xp_tools_XXXXXX";

static const char *in(const char *name) {
    static char paths[8][256];
    static int next;
    char *path = paths[next++ & 7];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text) {
    xp_error err;
    if (xp_file_write(in(name), text, strlen(text), &err) != XP_OK) fail_msg("%s", err.text);
}

/* ==== arrays ================================================================================= */

static void rows_are_gathered(void **state) {
    (void)state;
    xp_error err;
    row_array r = {.width = 2};
    for (int i = 0; i < 50; i++) {
        const float v[] = {(float)i, (float)-i};
        assert_int_equal(rows_append(&r, i % 7 ? v : NULL, 1, &err), XP_OK);
    }
    assert_int_equal(r.n, 50);
    for (int i = 0; i < 50; i++)
        assert_true(i % 7 ? r.v[2 * i] == (float)i && r.v[2 * i + 1] == (float)-i
                          : isnan(r.v[2 * i]) && isnan(r.v[2 * i + 1]));
    assert_int_equal(rows_append(&r, NULL, SIZE_MAX, &err), XP_ERR_LIMIT);
    rows_free(&r);
}

static void windows_are_the_models(void **state) {
    (void)state;
    xp_error err;
    xp_model m = sample_arch("cnn", 40, 3, 2, 1);
    static float x[2 * 40 * 3];
    x[5] = NAN;
    window_array w;
    const size_t shape[] = {2, 40, 3}, other[] = {2, 3, 40};
    assert_int_equal(array_save(in("x.npy"), 'f', 4, 3, shape, x, &err), XP_OK);
    assert_int_equal(windows_load(&w, in("x.npy"), &m, &err), XP_OK);
    assert_true(w.n == 2 && w.n_missing == 1 && w.x[5] == 0);
    windows_free(&w);
    assert_int_equal(array_save(in("x.npy"), 'f', 4, 2, shape + 1, x, &err), XP_OK);
    assert_int_equal(windows_load(&w, in("x.npy"), &m, &err), XP_OK);
    assert_int_equal(w.n, 1);
    windows_free(&w);
    assert_int_equal(array_save(in("x.npy"), 'f', 4, 3, other, x, &err), XP_OK);
    assert_int_equal(windows_load(&w, in("x.npy"), &m, &err), XP_ERR_SHAPE);
    assert_non_null(strstr(err.text, "(2, 3, 40)"));
    x[5] = INFINITY;
    assert_int_equal(array_save(in("x.npy"), 'f', 4, 3, shape, x, &err), XP_OK);
    assert_int_equal(windows_load(&w, in("x.npy"), &m, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "x.npy"));
    unlink(in("x.npy"));
    xp_model_free(&m);
}

/* ==== inputs ================================================================================= */

static const char HEADER[] = "%s 1 100 2\n%s.dat 16 200/mV 16 0 0 0 0 I\n";

static void write_record(const char *name) {
    char file[64], text[200];
    snprintf(text, sizeof text, HEADER, strrchr(name, '/') ? strrchr(name, '/') + 1 : name,
             strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
    snprintf(file, sizeof file, "%s.hea", name);
    write_text(file, text);
    snprintf(file, sizeof file, "%s.dat", name);
    write_text(file, "abcd");
}

static void expect_input(const input *got, input_kind kind, const char *path) {
    assert_int_equal(got->kind, kind);
    assert_string_equal(got->path, path);
}

static void words_become_inputs(void **state) {
    (void)state;
    assert_int_equal(mkdir(in("sub"), 0700), 0);
    assert_int_equal(mkdir(in("empty"), 0700), 0);
    write_record("b");
    write_record("a");
    write_record("sub/c");
    write_text("w.npy", "x");
    char paths[5][256];
    static const char *const names[] = {"", "/a.hea", "/b", "/w.npy", "/empty"};
    char *words[5];
    for (int i = 0; i < 5; i++) {
        snprintf(paths[i], sizeof paths[i], "%s%s", folder, names[i]);
        words[i] = paths[i];
    }
    input_list list = {0};
    xp_error err;
    assert_int_equal(inputs_expand(&list, words, 5, &err), XP_OK);
    assert_int_equal(list.n, 7);
    static const char *const records[] = {"a", "b", "sub/c", "a", "b"};
    for (int i = 0; i < 5; i++) expect_input(&list.items[i], INPUT_RECORD, in(records[i]));
    expect_input(&list.items[5], INPUT_NPY, in("w.npy"));
    expect_input(&list.items[6], INPUT_MISSING, in("empty"));
    assert_int_equal(list.items[6].error->code, XP_ERR_NOT_FOUND);
    inputs_keep_share(&list, 1, 3);
    assert_int_equal(list.n, 2); /* of 7, those from the third to the fourth */
    expect_input(&list.items[0], INPUT_RECORD, in("sub/c"));
    inputs_free(&list);
    static const char *const taken[] = {"a.hea", "a.dat", "w.npy"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(inputs_check_output(words, 5, in(taken[i]), &err), XP_ERR_USAGE);
    assert_int_equal(inputs_check_output(words, 5, in("new.npy"), &err), XP_OK);
    static const char *const made[] = {"a.hea",     "a.dat",     "b.hea", "b.dat",
                                       "sub/c.hea", "sub/c.dat", "w.npy"};
    for (int i = 0; i < 7; i++) unlink(in(made[i]));
    rmdir(in("sub"));
    rmdir(in("empty"));
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_in_every_spelling),
        cmocka_unit_test(arguments_stand_anywhere),
        cmocka_unit_test(lists_of_texts),
        cmocka_unit_test(help_is_asked_for),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(help_lists_every_option),
        cmocka_unit_test(json_values),
        cmocka_unit_test(json_with_a_hole_is_not_printed),
        cmocka_unit_test(json_texts_are_utf8),
        cmocka_unit_test(terminals_get_no_control_characters),
        cmocka_unit_test(rows_are_gathered),
        cmocka_unit_test(windows_are_the_models),
        cmocka_unit_test(words_become_inputs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
