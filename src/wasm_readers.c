#include "wasm_readers.h"

#include "base/json.h"
#include "draw_measures.h"
#include "ecg/reader.h"
#include "ecg/record_bytes.h"
#include "ecg/source_memory.h"
#include "ecg/table_view.h"
#include "ecg/write/write.h"
#include "measure/whole.h"
#include "measure_csv.h"
#include "measure_words.h"
#include "report_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct xp_wasm_reader {
    xp_memory_file *files; /* names, bytes and the array: owned */
    int n_files;
    uint8_t *block; /* owned */
    size_t size;
    char *text; /* owned */
    xp_table_view view;
    xp_written written;
    bool measured;
    xp_record record; /* that was measured, and what was found: there where measured is true */
    xp_quality quality;
    xp_measures measures;
    double *marks; /* owned */
    xp_error error;
};

xp_wasm_reader *xp_wasm_reader_open(void) {
    return calloc(1, sizeof(xp_wasm_reader));
}

static void drop_measured(xp_wasm_reader *r) {
    free(r->marks);
    r->marks = NULL;
    if (!r->measured) return;
    r->measured = false;
    xp_measures_free(&r->measures);
    xp_quality_free(&r->quality);
    xp_record_free(&r->record);
}

static void drop_made(xp_wasm_reader *r) {
    drop_measured(r);
    free(r->block);
    r->block = NULL;
    r->size = 0;
    xp_written_free(&r->written);
    r->view = (xp_table_view){0};
}

void xp_wasm_reader_close(xp_wasm_reader *r) {
    if (!r) return;
    for (int i = 0; i < r->n_files; i++) {
        free((void *)r->files[i].name);
        free((void *)r->files[i].data);
    }
    free(r->files);
    drop_made(r);
    cJSON_free(r->text);
    free(r);
}

/* The entry of that name, made when there is none; NULL without memory. */
static xp_memory_file *file_entry(xp_wasm_reader *r, const char *name) {
    for (int i = 0; i < r->n_files; i++)
        if (!strcmp(r->files[i].name, name)) return &r->files[i];
    xp_memory_file *grown = realloc(r->files, ((size_t)r->n_files + 1) * sizeof *grown);
    if (!grown) return NULL;
    r->files = grown;
    char *copy = strdup(name);
    if (!copy) return NULL;
    grown[r->n_files] = (xp_memory_file){.name = copy};
    return &grown[r->n_files++];
}

int xp_wasm_reader_add(xp_wasm_reader *r, const char *name, uint8_t *bytes, size_t size) {
    xp_memory_file *f = file_entry(r, name);
    if (!f) {
        free(bytes);
        return xp_fail(&r->error, XP_ERR_MEMORY, "no memory for the file %s", name);
    }
    free((void *)f->data);
    f->data = bytes;
    f->size = size;
    return XP_OK;
}

static xp_read_options options_of(xp_wasm_reader *r, double rate, const char *unit,
                                  const char *columns) {
    return (xp_read_options){.rate = rate,
                             .unit = *unit ? unit : NULL,
                             .columns = *columns ? columns : NULL,
                             .view = &r->view};
}

int xp_wasm_reader_read(xp_wasm_reader *r, const char *name, double rate, const char *unit,
                        const char *columns) {
    const xp_memory_files files = {r->files, r->n_files};
    const xp_file_source source = xp_memory_source(&files);
    const xp_read_options opt = options_of(r, rate, unit, columns);
    xp_record rec;
    drop_made(r);
    XP_TRY(xp_record_open(&rec, &source, name, &opt, &r->error));
    xp_status s = xp_record_to_bytes(&r->block, &r->size, &rec, &r->error);
    xp_record_free(&rec);
    return s;
}

int xp_wasm_reader_write(xp_wasm_reader *r, const char *name, double rate, const char *unit,
                         const char *columns, const char *to, const char *as, int identity,
                         int stated) {
    const xp_memory_files files = {r->files, r->n_files};
    const xp_file_source source = xp_memory_source(&files);
    const xp_read_options opt = options_of(r, rate, unit, columns);
    const xp_writer *writer = xp_writer_named(to);
    const xp_write_options keep = {.keep_identity = identity == 1, .keep_stated = stated == 1};
    xp_stored w;
    drop_made(r);
    if (!writer) return xp_fail(&r->error, XP_ERR_USAGE, "no format %.40s is written", to);
    XP_TRY(xp_stored_open(&w, &source, name, &opt, &r->error));
    xp_status s = xp_write(&r->written, writer, &w, as, &keep, &r->error);
    xp_stored_free(&w);
    return s;
}

/* The text of a document, in place of the one before. */
static const char *keep_text(xp_wasm_reader *r, cJSON *document) {
    cJSON_free(r->text);
    r->text = xp_json_print(document);
    return r->text;
}

const char *xp_wasm_reader_written(xp_wasm_reader *r) {
    cJSON *o = cJSON_CreateObject(), *files = cJSON_CreateArray(), *notices = cJSON_CreateArray();
    char text[XP_NOTICE_TEXT];
    for (int i = 0; i < r->written.n; i++) {
        cJSON *file = cJSON_CreateObject();
        xp_json_add(file, "name", xp_json_text(r->written.files[i].name));
        xp_json_add(file, "size", xp_json_integer((int64_t)r->written.files[i].bytes.size));
        xp_json_append(files, file);
    }
    for (int i = 0; i < r->written.notices.n; i++)
        if (xp_notice_is_new(&r->written.notices, i))
            xp_json_append(notices, xp_json_text(xp_notice_text(&r->written.notices, i, text)));
    xp_json_add(o, "files", files);
    xp_json_add(o, "notices", notices);
    return keep_text(r, o);
}

const uint8_t *xp_wasm_reader_file(const xp_wasm_reader *r, int i) {
    return i >= 0 && i < r->written.n ? r->written.files[i].bytes.data : NULL;
}

const uint8_t *xp_wasm_reader_bytes(const xp_wasm_reader *r) {
    return r->block;
}

size_t xp_wasm_reader_size(const xp_wasm_reader *r) {
    return r->size;
}

/* The text of what was written to an open_memstream, which is closed here; NULL where it is not
 * whole. */
static const char *keep_stream(xp_wasm_reader *r, FILE *f, char **text, bool whole) {
    whole = f && fclose(f) == 0 && whole;
    cJSON_free(r->text);
    r->text = whole ? *text : NULL;
    if (!whole) free(*text);
    return r->text;
}

/* ---- measurements -----------------------------------------------------------------------------
 */

static xp_status measure(xp_wasm_reader *r, int flags) {
    XP_TRY(xp_record_from_bytes(&r->record, (xp_bytes){r->block, r->size}, &r->error));
    const xp_status s = xp_measure_whole(&r->quality, &r->measures, &r->record,
                                         (flags & XP_MEASURE_ACCEPT_CHECKSUMS) != 0, &r->error);
    if (s != XP_OK) xp_record_free(&r->record);
    r->measured = s == XP_OK;
    return s;
}

const char *xp_wasm_reader_measure(xp_wasm_reader *r, const char *name, int flags) {
    drop_measured(r);
    r->view = (xp_table_view){0};
    if (measure(r, flags) != XP_OK) return NULL;
    const xp_measured m = {name, &r->record, &r->quality, &r->measures,
                           (flags & XP_MEASURE_NO_BEATS) != 0};
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    const bool whole = f && xp_report_measured(f, &m, &r->error) == XP_OK;
    if (keep_stream(r, f, &text, whole)) return r->text;
    xp_fail(&r->error, XP_ERR_MEMORY, "not enough memory for the measurements");
    return NULL;
}

const char *xp_wasm_reader_csv(xp_wasm_reader *r, const char *name) {
    char *text = NULL;
    size_t size;
    FILE *f = r->measured ? open_memstream(&text, &size) : NULL;
    if (!f) return NULL;
    xp_measure_csv_head(f);
    xp_measure_csv_row(f, name, &r->record, &r->quality, &r->measures);
    return keep_stream(r, f, &text, true);
}

static cJSON *fault_json(const xp_wasm_reader *r, const xp_plot_fault *f) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "lead", xp_json_text(r->record.leads[f->lead].name));
    xp_json_add(o, "start", xp_json_number(f->start));
    xp_json_add(o, "end", xp_json_number(f->end));
    xp_json_add(o, "word", xp_json_text(f->word));
    xp_json_add(o, "unread", cJSON_CreateBool(f->unread));
    return o;
}

static cJSON *ends_json(const xp_wave *w) {
    if (isnan(w->onset) || isnan(w->offset)) return cJSON_CreateNull();
    cJSON *list = cJSON_CreateArray();
    xp_json_append(list, xp_json_number((double)w->onset));
    xp_json_append(list, xp_json_number((double)w->offset));
    return list;
}

static cJSON *beat_json(const xp_wasm_reader *r) {
    const xp_median_beat *b = &r->measures.median;
    if (!b->n) return cJSON_CreateNull();
    cJSON *o = cJSON_CreateObject(), *leads = cJSON_CreateArray();
    for (int i = 0; i < b->n_leads; i++) {
        cJSON *lead = cJSON_CreateObject();
        xp_json_add(lead, "name", xp_json_text(r->record.leads[i].name));
        xp_json_add(lead, "derived", cJSON_CreateBool(r->record.leads[i].derived));
        xp_json_append(leads, lead);
    }
    xp_json_add(o, "rate", xp_json_number(b->rate));
    xp_json_add(o, "samples", xp_json_integer(b->n));
    xp_json_add(o, "fiducial", xp_json_integer(b->fiducial));
    xp_json_add(o, "beats", xp_json_integer(b->n_beats));
    xp_json_add(o, "leads", leads);
    xp_json_add(o, "p", ends_json(&b->waves.p));
    xp_json_add(o, "qrs", ends_json(&b->waves.qrs));
    xp_json_add(o, "t", ends_json(&b->waves.t));
    return o;
}

const char *xp_wasm_reader_drawn(xp_wasm_reader *r) {
    char numbers[XP_NUMBERS_TEXT];
    int n;
    if (!r->measured) return NULL;
    cJSON *o = cJSON_CreateObject(), *faults = cJSON_CreateArray();
    xp_plot_fault *list = xp_quality_faults(&r->quality, &n);
    for (int i = 0; i < n; i++) xp_json_append(faults, fault_json(r, &list[i]));
    free(list);
    xp_json_add(o, "numbers", xp_json_text(xp_numbers_line(&r->measures, &r->quality, numbers)));
    xp_json_add(o, "faults", faults);
    xp_json_add(o, "marks", xp_json_integer(r->measures.n_beats));
    xp_json_add(o, "beat", beat_json(r));
    return keep_text(r, o);
}

static void write_mark(double *out, const xp_plot_beat *b) {
    const double mark[] = {b->time,   b->symbol, b->used, b->p[0], b->p[1],
                           b->qrs[0], b->qrs[1], b->t[0], b->t[1]};
    _Static_assert(sizeof mark == XP_MARK_NUMBERS * sizeof *mark, "all that a mark is");
    memcpy(out, mark, sizeof mark);
}

const double *xp_wasm_reader_marks(xp_wasm_reader *r) {
    int n;
    if (!r->measured || r->marks) return r->marks;
    xp_plot_beat *beats = xp_measure_marks(&r->measures, &n);
    r->marks = malloc(((size_t)n + 1) * XP_MARK_NUMBERS * sizeof *r->marks);
    for (int i = 0; r->marks && i < n; i++)
        write_mark(r->marks + (size_t)i * XP_MARK_NUMBERS, &beats[i]);
    if (n < r->measures.n_beats) { /* there was no memory for them */
        free(r->marks);
        r->marks = NULL;
    }
    free(beats);
    return r->marks;
}

const float *xp_wasm_reader_beat(const xp_wasm_reader *r) {
    return r->measured ? r->measures.median.mv : NULL;
}

/* ---- errors -----------------------------------------------------------------------------------
 */

static cJSON *columns_json(const xp_table_view *v, int n) {
    cJSON *list = cJSON_CreateArray();
    for (int c = 0; c < n; c++) {
        cJSON *item = cJSON_CreateObject();
        xp_json_add(item, "name", xp_json_text(v->columns[c].name));
        xp_json_add(item, "units", xp_json_text(v->columns[c].units));
        xp_json_add(item, "role", xp_json_text(v->columns[c].role));
        xp_json_append(list, item);
    }
    return list;
}

static cJSON *rows_json(const xp_table_view *v, int n) {
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < XP_VIEW_ROWS && i < v->n_rows; i++) {
        cJSON *row = cJSON_CreateArray();
        for (int c = 0; c < n; c++) xp_json_append(row, xp_json_number(v->rows[i][c]));
        xp_json_append(list, row);
    }
    return list;
}

static cJSON *table_json(const xp_table_view *v) {
    const int n = v->n_columns < XP_VIEW_COLUMNS ? v->n_columns : XP_VIEW_COLUMNS;
    cJSON *o = cJSON_CreateObject(), *asks = cJSON_CreateObject();
    xp_json_add(asks, "rate", cJSON_CreateBool(v->asks_rate));
    xp_json_add(asks, "unit", cJSON_CreateBool(v->asks_unit));
    xp_json_add(asks, "names", cJSON_CreateBool(v->asks_names));
    xp_json_add(o, "asks", asks);
    xp_json_add(o, "drawing", cJSON_CreateBool(v->is_drawing));
    xp_json_add(o, "columns", xp_json_integer(v->n_columns));
    xp_json_add(o, "rows", xp_json_integer(v->n_rows));
    xp_json_add(o, "rate", xp_json_number(v->rate));
    xp_json_add(o, "named", columns_json(v, n));
    xp_json_add(o, "first", rows_json(v, n));
    return o;
}

const char *xp_wasm_reader_error(xp_wasm_reader *r) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "code", xp_json_text(xp_status_name(r->error.code)));
    xp_json_add(o, "text", xp_json_text(r->error.text));
    xp_json_add(o, "table", r->view.is_table ? table_json(&r->view) : cJSON_CreateNull());
    return keep_text(r, o);
}
