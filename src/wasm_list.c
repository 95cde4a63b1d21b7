#include "wasm_list.h"

#include "base/json.h"
#include "ecg/listing.h"
#include "ecg/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xp_wasm_list {
    xp_listing *listing;
    char *text; /* owned */
};

xp_wasm_list *xp_wasm_list_open(void) {
    xp_wasm_list *w = calloc(1, sizeof *w);
    if (w && (w->listing = xp_listing_create())) return w;
    free(w);
    return NULL;
}

void xp_wasm_list_close(xp_wasm_list *w) {
    if (!w) return;
    xp_listing_free(w->listing);
    cJSON_free(w->text);
    free(w);
}

void xp_wasm_list_add(xp_wasm_list *w, const char *path, double size) {
    xp_listing_add(w->listing, path, size > 0 && size < 9e15 ? (uint64_t)size : 0);
}

void xp_wasm_list_show(xp_wasm_list *w, int index, const uint8_t *start, size_t n) {
    xp_listing_show(w->listing, index, (xp_bytes){start, n});
}

/* ==== JSON =================================================================================== */

static void add_sentence(cJSON *o, const char *text) {
    xp_json_add(o, "problem", text ? xp_json_text(text) : cJSON_CreateNull());
}

static cJSON *record_json(const xp_listed_record *r) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(r->name));
    xp_json_add(o, "format", xp_json_text(r->format->name));
    xp_json_add(o, "type", xp_json_text(r->type));
    cJSON *files = cJSON_CreateArray(), *missing = cJSON_CreateArray();
    for (int i = 0; i < r->n_files; i++) {
        cJSON *item = cJSON_CreateObject();
        xp_json_add(item, "index", xp_json_integer(r->files[i].index));
        xp_json_add(item, "name", xp_json_text(r->files[i].name));
        xp_json_append(files, item);
    }
    for (int i = 0; i < r->n_missing; i++)
        xp_json_append(missing, xp_json_text(r->files[r->n_files + i].name));
    xp_json_add(o, "files", files);
    xp_json_add(o, "missing", missing);
    add_sentence(o, r->problem);
    return o;
}

/* "This is a DICOM file: ...", with a full stop; of an unknown kind the type names the ending. */
static cJSON *other_json(const xp_listing *l, const xp_listed_other *f) {
    const char *path = xp_listing_path(l, f->index), *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    char type[64] = "", text[600 + XP_FORMATS_HELP];
    xp_kind_sentence(f->kind, "This", text, sizeof text - 3);
    strcat(text, f->kind ? "." : ". ");
    size_t n = strlen(text);
    if (!f->kind) xp_formats_help(text + n, sizeof text - n);
    if (f->kind)
        snprintf(type, sizeof type, "%s", f->kind->name);
    else if (dot)
        snprintf(type, sizeof type, "%.40s, not known", dot);
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "index", xp_json_integer(f->index));
    xp_json_add(o, "type", xp_json_text(type));
    add_sentence(o, text);
    xp_json_add(o, "quiet", cJSON_CreateBool(f->kind ? f->kind->quiet : !dot));
    return o;
}

/* What is to be shown, as an array of pairs. */
static cJSON *wanted_json(xp_listing *l) {
    cJSON *list = cJSON_CreateArray();
    size_t bytes;
    for (int i; (i = xp_listing_next(l, &bytes)) >= 0;)
        xp_json_append(list, cJSON_CreateDoubleArray((double[]){i, (double)bytes}, 2));
    return list;
}

static void add_result(cJSON *o, const xp_listing *l) {
    int n_records, n_others;
    const xp_listed_record *records = xp_listing_records(l, &n_records);
    const xp_listed_other *others = xp_listing_others(l, &n_others);
    cJSON *found = cJSON_CreateArray(), *rest = cJSON_CreateArray();
    for (int i = 0; i < n_records; i++) xp_json_append(found, record_json(&records[i]));
    for (int i = 0; i < n_others; i++) xp_json_append(rest, other_json(l, &others[i]));
    xp_json_add(o, "records", found);
    xp_json_add(o, "others", rest);
    char help[XP_FORMATS_HELP];
    xp_formats_help(help, sizeof help);
    xp_json_add(o, "help", xp_json_text(help));
}

const char *xp_wasm_list_text(xp_wasm_list *w) {
    int n;
    cJSON_free(w->text);
    w->text = NULL;
    cJSON *o = cJSON_CreateObject(), *wanted = wanted_json(w->listing);
    bool done = cJSON_GetArraySize(wanted) == 0;
    xp_json_add(o, "wanted", wanted);
    if (done) add_result(o, w->listing);
    if (!done || xp_listing_records(w->listing, &n))
        w->text = xp_json_print(o);
    else
        cJSON_Delete(o);
    return w->text;
}
