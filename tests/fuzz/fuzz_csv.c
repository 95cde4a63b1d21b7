/* Tables. The first byte chooses the separator and whether a header is taken; the rest is the file.
 * Rows must lie behind each other in it, and every field must be a text. */
#include "data/csv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good) {
    if (!good) abort();
}

static size_t look_at_row(const xp_csv *c) {
    xp_error e;
    double number;
    size_t letters = 0;
    for (int i = -1; i <= xp_csv_count(c); i++) {
        const char *field = xp_csv_field(c, i);
        check(field != NULL);
        letters += strlen(field);
        if (i < 0 || i == xp_csv_count(c))
            check(!*field);
        else
            (void)xp_csv_number(c, i, &number, &e);
    }
    return letters;
}

static void read_all(xp_csv *c, size_t size) {
    xp_error e;
    uint64_t before = 0;
    size_t line = 0, letters = 0;
    for (bool first = true; xp_csv_next(c, &e) == XP_OK && xp_csv_count(c); first = false) {
        check(xp_csv_offset(c) < size && (first || xp_csv_offset(c) > before));
        check(xp_csv_line(c) > line);
        before = xp_csv_offset(c);
        line = xp_csv_line(c);
        letters += look_at_row(c);
    }
    check(letters <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char separators[] = {',', ';', '\t', '|'};
    xp_csv *c;
    xp_error e;
    char text[64];
    int column;
    if (!size) return 0;
    const xp_bytes file = {data + 1, size - 1};
    if (xp_csv_open_bytes(&c, file, "fuzzed", separators[data[0] & 3], &e) != XP_OK) return 0;
    if (data[0] & 4 && xp_csv_header(c, &e) == XP_OK) {
        check(xp_csv_columns(c, text, sizeof text) > 0);
        if (xp_csv_column(c, "path", &column, &e) == XP_OK)
            check(column == xp_csv_find(c, "path") && column >= 0);
    }
    read_all(c, size);
    xp_csv_close(c);
    return 0;
}
