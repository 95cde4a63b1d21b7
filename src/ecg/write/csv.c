/* CSV: a row of names and units, then a row for each sample, the time in seconds first. Decimals
 * are those that read back as the same number; "nan" where a sample is missing. Signals of other
 * rates are tables of their own. */
#include "ecg/write/groups.h"

#include <math.h>
#include <string.h>

/* "I (mV)", in quotes where it has a comma or a quote. */
static void write_name(xp_buffer *b, const xp_stored_signal *s) {
    bool quoted = strpbrk(s->name, ",\"\r\n") || strpbrk(s->units, ",\"\r\n");
    xp_buffer_text(b, quoted ? ",\"" : ",");
    for (const char *c = s->name; *c; c++) {
        if (*c == '"') xp_buffer_text(b, "\"");
        xp_buffer_add(b, *c == '\r' || *c == '\n' ? " " : c, 1);
    }
    if (*s->units) xp_buffer_printf(b, "%s(%s)", *s->name ? " " : "", s->units);
    if (quoted) xp_buffer_text(b, "\"");
}

static xp_status write_table(xp_written *out, const xp_stored *w, const char *name,
                             const int *signals, int n, xp_error *err) {
    (void)err;
    xp_buffer *b = xp_written_add(out, name, ".csv");
    int spf = w->signals[signals[0]].samples_per_frame;
    double rate = w->rate * spf;
    xp_buffer_text(b, "time (s)");
    for (int k = 0; k < n; k++) write_name(b, &w->signals[signals[k]]);
    xp_buffer_text(b, "\n");
    for (int64_t i = 0; i < w->n_frames * spf && !b->failed; i++) {
        xp_buffer_number(b, (double)i / rate);
        for (int k = 0; k < n; k++) {
            xp_buffer_text(b, ",");
            xp_buffer_number(b, xp_sample_value(&w->signals[signals[k]], i));
        }
        xp_buffer_text(b, "\n");
    }
    return XP_OK;
}

static xp_status write_csv(xp_written *out, const xp_stored *w, const char *name,
                           const xp_write_options *opt, xp_error *err) {
    (void)opt;
    return xp_write_groups(out, w, name, write_table, err);
}

const xp_writer xp_writer_csv = {
    .name = "csv",
    .title = "CSV",
    .ending = ".csv",
    .low = -INT32_MAX,
    .high = INT32_MAX,
    .write = write_csv,
};
