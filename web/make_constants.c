/* web/core/core_constants.js: what the page has to know of the core's headers, written from them.
 *   make_constants > web/core/core_constants.js
 *   make_constants --check web/core/core_constants.js    exit status 1 where it is another text */
#include "base/statements.h"
#include "ecg/format.h"
#include "ecg/reader.h"
#include "ecg/record.h"
#include "ecg/write/write.h"
#include "lead_attribution.h"
#include "plot/plot.h"
#include "wasm_api.h"

#include <stdio.h>
#include <string.h>

static void begin(FILE *f, const char *comment, const char *name) {
    fprintf(f, "\n/** %s */\nexport const %s = {\n", comment, name);
}

static void number(FILE *f, const char *name, long value) {
    fprintf(f, "  %s: %ld,\n", name, value);
}

static void end(FILE *f) {
    fprintf(f, "};\n");
}

static void write_boundary(FILE *f) {
#define X(id, name) number(f, name, id);
    begin(f, "xp_text_kind", "TEXT");
    XP_TEXT_LIST(X)
    end(f);
    begin(f, "xp_float_kind", "FLOATS");
    XP_FLOATS_LIST(X)
    end(f);
    begin(f, "xp_lead_attribution_method", "METHODS");
    XP_ATTRIBUTION_LIST(X)
    end(f);
#undef X
#define X(id, name, bit) number(f, name, bit);
    begin(f, "Flags of xp_wasm_analyse.", "ANALYSE");
    XP_ANALYSE_LIST(X)
    end(f);
#undef X
#define X(id, name, element)                                                                       \
    fprintf(f, "  %s: { part: %d, bytes: %zu },\n", name, (int)id, sizeof(element));
    begin(f, "Arrays of a drawing, and the bytes of an element.", "DRAWING");
    XP_DRAWING_LIST(X)
    end(f);
#undef X
}

/* items: each followed by ", ". */
static void list(FILE *f, const char *comment, const char *name, const char *items) {
    const int n = (int)strlen(items) - 2;
    fprintf(f, "\n/** %s */\nexport const %s = /** @type {const} */ ([%.*s]);\n", comment, name, n,
            items);
}

static void numbers(FILE *f, const char *comment, const char *name, const double *v, int n) {
    char items[200] = "";
    for (int i = 0; i < n; i++)
        snprintf(items + strlen(items), sizeof items - strlen(items), "%s%g", i ? ", " : "", v[i]);
    fprintf(f, "\n/** %s */\nexport const %s = [%s];\n", comment, name, items);
}

static void write_drawing(FILE *f) {
    static const double speeds[] = XP_PLOT_SPEEDS, gains[] = XP_PLOT_GAINS;
#define X(id, name) "\"" name "\", "
    list(f, "The standard leads.", "LEADS", XP_LEAD_LIST(X));
    list(f, "xp_layout", "LAYOUTS", XP_LAYOUT_LIST(X));
#undef X
    numbers(f, "mm/s", "SPEEDS", speeds, sizeof speeds / sizeof *speeds);
    numbers(f, "mm/mV", "GAINS", gains, sizeof gains / sizeof *gains);
}

static void write_formats(FILE *f) {
    fprintf(f, "\n/** File formats that are read, and which files make a record. */\nexport const "
               "FORMATS = [\n");
    for (int i = 0; xp_formats[i]; i++)
        fprintf(f, "  { name: \"%s\", help: \"%s\" },\n", xp_formats[i]->name, xp_formats[i]->help);
    fprintf(f,
            "];\n\n/** What is said of files that hold no recording. */\nexport const KINDS = [\n");
    for (int i = 0; xp_kinds[i].name; i++) {
        char says[500];
        xp_kind_sentence(&xp_kinds[i], "This", says, sizeof says);
        fprintf(f, "  \"%s.\",\n", says);
    }
    fprintf(f, "];\n\n/** File formats that are written. */\nexport const WRITERS = [\n");
    for (int i = 0; xp_writers[i]; i++)
        fprintf(f, "  { name: \"%s\", title: \"%s\" },\n", xp_writers[i]->name,
                xp_writers[i]->title);
    fprintf(f, "];\n");
}

static void write_all(FILE *f) {
    fprintf(f, "// Made by web/make_constants.c from the core's headers: do not edit it.\n");
    fprintf(f, "\n/** Said by every output. */\nexport const DISCLAIMER =\n  \"%s\";\n",
            XP_DISCLAIMER);
    write_boundary(f);
    write_drawing(f);
    write_formats(f);
}

static int check(const char *path) {
    FILE *made = tmpfile(), *there = fopen(path, "r");
    if (!made || !there) {
        fprintf(stderr, "make_constants: %s cannot be read\n", path);
        return 1;
    }
    write_all(made);
    rewind(made);
    int a, b;
    do {
        a = getc(made);
        b = getc(there);
    } while (a == b && a != EOF);
    fclose(made);
    fclose(there);
    if (a == b) return 0;
    fprintf(stderr, "%s is not what the headers say: make_constants > %s\n", path, path);
    return 1;
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--check")) return check(argv[2]);
    write_all(stdout);
    return 0;
}
