#include "wasm_cases.h"

#include "base/sha256.h"
#include "teach/bundle.h"
#include "teach/manifest.h"
#include "teach/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXTS = 3 };

typedef struct laid_file {
    char *name; /* owned */
    uint8_t *bytes;
    size_t size;
} laid_file;

struct xp_cases_desk {
    uint8_t *texts[MOST_TEXTS]; /* owned */
    size_t sizes[MOST_TEXTS];
    int n_texts;
    laid_file *files; /* owned */
    int n_files;
    xp_buffer made;
    xp_teach_fault fault;
};

xp_cases_desk *xp_cases_open(void) {
    return calloc(1, sizeof(xp_cases_desk));
}

void xp_cases_close(xp_cases_desk *d) {
    if (!d) return;
    for (int i = 0; i < d->n_texts; i++) free(d->texts[i]);
    for (int i = 0; i < d->n_files; i++) {
        free(d->files[i].name);
        free(d->files[i].bytes);
    }
    free(d->files);
    xp_buffer_free(&d->made);
    free(d);
}

static int lay_text(xp_cases_desk *d, uint8_t *bytes, size_t size) {
    if (d->n_texts == MOST_TEXTS) {
        free(bytes);
        return 0;
    }
    d->texts[d->n_texts] = bytes;
    d->sizes[d->n_texts++] = size;
    return 1;
}

int xp_cases_lay(xp_cases_desk *d, const char *name, uint8_t *bytes, size_t size) {
    if (!name[0]) return lay_text(d, bytes, size);
    laid_file *files = realloc(d->files, (size_t)(d->n_files + 1) * sizeof *files);
    char *copy = strdup(name);
    if (files) d->files = files;
    if (!files || !copy) {
        free(copy);
        free(bytes);
        return 0;
    }
    files[d->n_files++] = (laid_file){copy, bytes, size};
    return 1;
}

static xp_bytes text_at(const xp_cases_desk *d, int i) {
    return i < d->n_texts ? (xp_bytes){d->texts[i], d->sizes[i]} : (xp_bytes){NULL, 0};
}

static xp_status no_memory(xp_cases_desk *d) {
    d->fault = (xp_teach_fault){.code = XP_ERR_MEMORY, .text = "not enough memory"};
    return XP_ERR_MEMORY;
}

/* A document is the result; o is freed. */
static xp_status make_json(xp_cases_desk *d, cJSON *o) {
    char *text = xp_json_print(o);
    if (text) xp_buffer_text(&d->made, text);
    cJSON_free(text);
    return text && !d->made.failed ? XP_OK : no_memory(d);
}

/* ==== the pieces of work ===================================================================== */

static xp_status work_check(xp_cases_desk *d) {
    const xp_bytes facts_text = text_at(d, 1);
    xp_teach_warnings warnings = {0};
    xp_teach_set set;
    cJSON *facts = NULL;
    if (facts_text.size) {
        facts = cJSON_ParseWithLength((const char *)facts_text.data, facts_text.size);
        if (!facts) return no_memory(d);
    }
    xp_status s = xp_teach_set_read(&set, text_at(d, 0), facts, &warnings, &d->fault);
    cJSON_Delete(facts);
    if (s == XP_OK) {
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "set", set.document);
        set.document = NULL;
        xp_json_add(o, "warnings", xp_teach_warnings_json(&warnings));
        xp_json_add(o, "tasks", xp_json_integer(set.n_tasks));
        xp_json_add(o, "maxPoints", xp_json_number(set.most));
        xp_teach_set_free(&set);
        s = make_json(d, o);
    }
    xp_teach_warnings_free(&warnings);
    return s;
}

static xp_status work_score(xp_cases_desk *d) {
    xp_teach_set set;
    cJSON *results;
    XP_TRY(xp_teach_set_read(&set, text_at(d, 0), NULL, NULL, &d->fault));
    xp_status s = xp_teach_score(&results, &set, text_at(d, 1), &d->fault);
    xp_teach_set_free(&set);
    return s == XP_OK ? make_json(d, results) : s;
}

static xp_status work_manifest(xp_cases_desk *d) {
    xp_teach_set set;
    XP_TRY(xp_teach_set_read(&set, text_at(d, 0), NULL, NULL, &d->fault));
    xp_teach_manifest(&d->made, &set);
    xp_teach_set_free(&set);
    return d->made.failed ? no_memory(d) : XP_OK;
}

static xp_status work_bundle(xp_cases_desk *d) {
    xp_teach_set set;
    XP_TRY(xp_teach_set_read(&set, text_at(d, 1), NULL, NULL, &d->fault));
    xp_teach_packed *files = calloc((size_t)d->n_files + 1, sizeof *files);
    for (int i = 0; files && i < d->n_files; i++)
        files[i] = (xp_teach_packed){d->files[i].name, {d->files[i].bytes, d->files[i].size}};
    xp_status s = files ? xp_teach_bundle(&d->made, text_at(d, 0), &set, text_at(d, 1), files,
                                          d->n_files, text_at(d, 2).size > 0, &d->fault)
                        : no_memory(d);
    free(files);
    xp_teach_set_free(&set);
    return s;
}

static xp_status work_sha256(xp_cases_desk *d) {
    char hex[65];
    xp_sha256_hex(text_at(d, 0), hex);
    xp_buffer_text(&d->made, hex);
    return d->made.failed ? no_memory(d) : XP_OK;
}

typedef struct piece {
    const char *name;
    xp_status (*work)(xp_cases_desk *d);
} piece;

static const piece PIECES[] = {{"check", work_check},
                               {"score", work_score},
                               {"manifest", work_manifest},
                               {"bundle", work_bundle},
                               {"sha256", work_sha256}};

int xp_cases_work(xp_cases_desk *d, const char *work) {
    xp_status s = XP_ERR_USAGE;
    d->fault = (xp_teach_fault){.code = s};
    snprintf(d->fault.text, sizeof d->fault.text, "there is no work \"%.40s\"", work);
    xp_buffer_free(&d->made);
    d->made = (xp_buffer){0};
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++)
        if (!strcmp(work, PIECES[i].name)) s = PIECES[i].work(d);
    if (s == XP_OK) return XP_OK;
    xp_buffer_free(&d->made);
    d->made = (xp_buffer){0};
    make_json(d, xp_teach_fault_json(&d->fault));
    return s;
}

const char *xp_cases_text(const xp_cases_desk *d) {
    return (const char *)d->made.data;
}

size_t xp_cases_size(const xp_cases_desk *d) {
    return d->made.size;
}
