/* Headers as people have them: written in another folder or on another computer, with lost line
 * breaks, beside signal files that are not theirs. What can be read is read and said; what could be
 * misread is refused, with the place. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

#define SIGNAL(file, lead) file " 16 1000(0)/mV 16 0 1 3 0 " lead

/* Signal files of two samples: 1 and 2, as SIGNAL says, and 1 and 5. */
static const char own[] = "\x01\x00\x02\x00", other[] = "\x01\x00\x05\x00";

typedef struct file {
    const char *name, *text; /* a header's; of a signal file own or other */
} file;

enum { MOST = 5 };

static xp_status open_files(xp_stored *w, const file *list, const char *name, xp_error *err) {
    xp_memory_file files[MOST];
    xp_memory_files all = {files, 0};
    for (; all.n < MOST && list[all.n].name; all.n++) {
        const char *t = list[all.n].text;
        size_t size = t == own || t == other ? 4 : strlen(t);
        files[all.n] = (xp_memory_file){list[all.n].name, (const uint8_t *)t, size};
    }
    xp_file_source src = xp_memory_source(&all);
    return xp_stored_open(w, &src, name, NULL, err);
}

/* Of w's notices, those that have this text in them; NULL: all. */
static int times_said(const xp_stored *w, const char *text) {
    char sentence[XP_NOTICE_TEXT];
    int n = 0;
    for (int i = 0; i < w->notices.n; i++)
        n += !text || strstr(xp_notice_text(&w->notices, i, sentence), text);
    return n;
}

/* ==== what is read ========================================================================== */

typedef struct opened {
    const char *name;
    file files[MOST];
    const char *said; /* NULL: nothing is */
} opened;

static const opened opens[] = {
    {"r",
     {{"r.hea", "far/r 1 500 2\n" SIGNAL("far/r.dat", "I")}, {"r.dat", own}},
     "line 2: r.dat is not at its path, far/r.dat: the one beside the header was read"},
    {"r",
     {{"r.hea", "a/b/r 1 500 2\n" SIGNAL("a/b/r.dat", "I")}, {"r.dat", own}},
     "not at its path, a/b/r.dat"},
    {"r",
     {{"r.hea", "r 1 500 2\n" SIGNAL("d/r.dat", "I")}, {"r.dat", other}, {"d/r.dat", own}},
     NULL},
    {"d/r", {{"d/r.hea", "d/r 1 500 2\n" SIGNAL("r.dat", "I")}, {"d/r.dat", own}}, NULL},
    {"12", {{"12.hea", "9/12 1 500 2\n" SIGNAL("12.dat", "I")}, {"12.dat", own}}, NULL},
    {"12", {{"12.hea", "9/12 1 500 2\n# c\n\n12.dat 16\n"}, {"12.dat", own}}, "uncalibrated"},
    {"r", {{"r.hea", "x/q 1 500 2\n" SIGNAL("r.dat", "I")}, {"r.dat", own}}, "the record \"q\""},
    {"r", {{"r.hea", "far\\r 1 500 2\n" SIGNAL("far\\r.dat", "I")}, {"r.dat", own}}, "far/r.dat:"},
    {"r", {{"r.hea", "r 1 500 2\n" SIGNAL("d\\r.dat", "I")}, {"d/r.dat", own}}, NULL},
    {"r", {{"r.hea", "r 1 500 2\n" SIGNAL("C:\\x\\r.dat", "I")}, {"r.dat", own}}, "C:\\x\\r.dat"},
    {"r", {{"r.hea", "/x/r 1 500 2\n" SIGNAL("/x/r.dat", "I")}, {"r.dat", own}}, "path, /x/r.dat"},
    {"r", {{"r.hea", "r 1 500 2\n" SIGNAL("../r.dat", "I")}, {"r.dat", own}}, "path, ../r.dat"},
    {"r", {{"r.hea", "r 1 500 2\r" SIGNAL("r.dat", "I") "\r# a comment\r"}, {"r.dat", own}}, NULL},
    {"r",
     {{"r.hea", "r 1 500 2 16:30:00 8/16/2003\n" SIGNAL("r.dat", "I")}, {"r.dat", own}},
     "the date 8/16/2003"},
    {"r", {{"r.hea", "r 1 500 2 1.5/2\n" SIGNAL("r.dat", "I")}, {"r.dat", own}}, "\"1.5/2\""},
    {"r", {{"r.hea", "r 1 500 2\nr.dat 16 1/a.u 16 0 1 3 0 I"}, {"r.dat", own}}, NULL},
    {"m",
     {{"m.hea", "far/m/2 1 500 4\nfar/p 2\nsub/p 2\n"},
      {"p.hea", "p 1 500 2\n" SIGNAL("p.dat", "I")},
      {"p.dat", own},
      {"sub/p.hea", "p 1 500 2\n" SIGNAL("p.dat", "I")},
      {"sub/p.dat", own}},
     "p.hea is not at its path, far/p"},
};

static void a_record_is_read_where_it_is(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
        const opened *o = &opens[i];
        xp_error e = {0};
        xp_stored w;
        if (open_files(&w, o->files, o->name, &e) != XP_OK) fail_msg("%zu: %s", i, e.text);
        if (times_said(&w, o->said) != (o->said ? 1 : 0)) fail_msg("%zu: not said: %s", i, o->said);
        const xp_stored_signal *s = &w.signals[0];
        assert_true(s->digital ? s->digital[1] == 2 : s->physical[1] == 0.002);
        assert_false(w.checksums_failed);
        xp_stored_free(&w);
    }
}

/* ==== what is refused ======================================================================= */

typedef struct refused {
    file files[3];
    const char *where, *why;
} refused;

#define BREAK "a line break is lost before or in "

static const refused refuses[] = {
    {{{"r.hea", "r 1 500 2 " SIGNAL("r.dat", "I")}}, "r.hea line 1", BREAK "\"r.dat\""},
    {{{"r.hea", "r 1 500 2" SIGNAL("r.dat", "I")}}, "r.hea line 1", BREAK "\"2r.dat\""},
    {{{"r.hea", "r 1 500 " SIGNAL("r.dat", "I")}}, "r.hea line 1", BREAK "\"r.dat\""},
    {{{"r.hea", "r 1 500 2 10:00:00 1/2/2003 r.dat 212 200 11 1024 9 9 0 MLII"}},
     "r.hea line 1",
     BREAK "\"r.dat\""},
    {{{"r.hea", "r 2 500 2\n" SIGNAL("r.dat", "I") " " SIGNAL("r.dat", "II") "\n# end"}},
     "r.hea line 2",
     BREAK "\"r.dat\""},
    {{{"r.hea", "r 2 500 2\n" SIGNAL("r.dat", "I") SIGNAL("r.dat", "II")}},
     "r.hea line 2",
     BREAK "\"Ir.dat\""},
    {{{"r.hea", "r 1 500 2\n# of no use " SIGNAL("r.dat", "I")}},
     "r.hea line 2",
     BREAK "\"r.dat\""},
    {{{"r.hea", "r 3 500 2\n" SIGNAL("r.dat", "I") "\n" SIGNAL("r.dat", "II")}},
     "r.hea line 3",
     "after 2 of the 3 signal lines"},
    {{{"r.hea", "r 2 500 2\n" SIGNAL("a/r.dat", "I") "\n" SIGNAL("b/r.dat", "II")}, {"r.dat", own}},
     "r.hea line 3",
     "cannot be both"},
    {{{"r.hea", "r 2 500 2\n" SIGNAL("r.dat", "I") "\n" SIGNAL("C:r.dat", "II")}, {"r.dat", own}},
     "r.hea line 3",
     "cannot be both"},
    {{{"r.hea", "r 1 500 2\n" SIGNAL("../../etc/passwd", "I")}}, "r.hea line 2", "leads out of"},
    {{{"r.hea", "r 1 500 2\n" SIGNAL("d/..", "I")}}, "r.hea line 2", "stays inside"},
    {{{"r.hea", "r/3 1 500 2\nr.dat 16.5\n"}}, "r.hea line 2", "a number of samples"},
    {{{"r.hea", "r/3x 1 500 2\nq 2\n"}}, "r.hea line 1", "name/number of segments"},
    {{{"r.hea", "/2 1 500 2\nq 2\n"}}, "r.hea line 1", "name/number of segments"},
};

static void what_could_be_misread_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refuses / sizeof *refuses; i++) {
        xp_error e = {0};
        xp_stored w;
        file files[MOST] = {{NULL, NULL}};
        memcpy(files, refuses[i].files, sizeof refuses[i].files);
        if (open_files(&w, files, "r", &e) == XP_OK) fail_msg("%zu was read", i);
        if (!strstr(e.text, refuses[i].where) || !strstr(e.text, refuses[i].why) ||
            strstr(e.text, "correct the number"))
            fail_msg("%zu: %s", i, e.text);
    }
}

/* ==== checksums ============================================================================= */

typedef struct summed {
    const char *header;
    bool failed;
} summed;

#define SUM(lead, sum) "r.dat 16 1000(0)/mV 16 0 1 " sum " 0 " lead "\n"

/* r.dat has one frame of two signals, or two of one: 1, 2. */
static const summed sums[] = {
    {"r 1 500 2\n" SUM("I", "3"), false},
    {"r 1 500 2\n" SUM("I", "4"), true},
    {"r 1 500 2\nr.dat 16 1000/mV 16 0 1 I\n", false}, /* none is stated */
    {"r 1 500 2\n" SUM("I", "0"), false},              /* nor here, by writers that make none */
    {"r 2 500 1\n" SUM("I", "1") SUM("II", "2"), false},
    {"r 2 500 1\n" SUM("I", "1") SUM("II", "3"), false}, /* one lead is damaged: that is said */
    {"r 2 500 1\n" SUM("I", "2") SUM("II", "1"), true},
    {"r 2 500 1\n" SUM("I", "0") SUM("II", "1"), true},
    {"m/2 1 500 4\nr 2\nr 2\n", true},
    {"m/2 1 500 4\nr 2\ns 2\n", false},
};

static void where_every_checksum_fails_nothing_is_analysed_unless_accepted(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        const file files[MOST] = {
            {*sums[i].header == 'm' ? "m.hea" : "r.hea", sums[i].header},
            {"r.dat", own},
            {*sums[i].header == 'm' ? "r.hea" : "-", "r 1 500 2\n" SUM("I", "4")},
            {"s.hea", "s 1 500 2\n" SUM("I", "3")}};
        xp_error e;
        xp_stored w;
        xp_record rec;
        if (open_files(&w, files, (const char[]){*sums[i].header, 0}, &e)) fail_msg("%s", e.text);
        if (w.checksums_failed != sums[i].failed) fail_msg("case %zu", i);
        assert_int_equal(xp_stored_to_record(&rec, &w, &e), XP_OK);
        assert_int_equal(xp_record_check_sums(&rec, false, &e),
                         sums[i].failed ? XP_ERR_FORMAT : XP_OK);
        assert_int_equal(xp_record_check_sums(&rec, true, &e), XP_OK);
        xp_record_free(&rec);
        xp_stored_free(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_where_it_is),
        cmocka_unit_test(what_could_be_misread_is_refused),
        cmocka_unit_test(where_every_checksum_fails_nothing_is_analysed_unless_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
