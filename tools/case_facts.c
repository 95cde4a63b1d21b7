/* What lies beside a case set's document. */
#include "case_files.h"

#include "base/sha256.h"
#include "ecg/reader.h"
#include "measure/whole.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== a recording ============================================================================ */

/* A record's files are named from its folder on. */
typedef struct record_folder {
    case_files *files;
    const char *path; /* of the record */
    size_t n;         /* bytes of it that are its folder */
} record_folder;

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    const record_folder *folder = ctx;
    const size_t n = folder->n + strlen(name) + 1;
    char *path = malloc(n);
    if (!path) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    memcpy(path, folder->path, folder->n);
    strcpy(path + folder->n, name);
    xp_status s = case_files_get(folder->files, path, out, err);
    free(path);
    return s;
}

static cJSON *leads_json(const xp_record *rec) {
    cJSON *leads = cJSON_CreateArray();
    for (int i = 0; i < rec->n_leads; i++) xp_json_append(leads, xp_json_text(rec->leads[i].name));
    return leads;
}

/* How far the record's own beats spread; nothing where it cannot be measured. */
static cJSON *spread_json(const xp_record *rec) {
    cJSON *all = cJSON_CreateArray();
    xp_quality quality;
    xp_measures measures;
    xp_error err;
    if (xp_measure_whole(&quality, &measures, rec, true, &err) != XP_OK) return all;
    for (int i = 0; i < XP_QUANTITY_COUNT; i++) {
        const xp_quantity *q = &measures.quantities[i];
        if (isnan(q->low) || isnan(q->high)) continue;
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "name", xp_json_text(xp_quantity_get((xp_quantity_id)i)->name));
        xp_json_add(o, "low", xp_json_number(q->low));
        xp_json_add(o, "high", xp_json_number(q->high));
        xp_json_append(all, o);
    }
    xp_measures_free(&measures);
    xp_quality_free(&quality);
    return all;
}

static cJSON *record_json(case_files *f, const char *path, bool measured) {
    const char *slash = strrchr(path, '/');
    record_folder folder = {f, path, slash ? (size_t)(slash - path) + 1 : 0};
    const xp_file_source source = {.get = get, .ctx = &folder};
    cJSON *o = cJSON_CreateObject();
    xp_record rec;
    xp_error err;
    xp_json_add(o, "name", xp_json_text(path));
    if (xp_record_open(&rec, &source, path + folder.n, NULL, &err) != XP_OK) {
        xp_json_add(o, "problem", xp_json_text(err.text));
        return o;
    }
    xp_json_add(o, "seconds", xp_json_number((double)rec.n / rec.rate));
    xp_json_add(o, "leads", leads_json(&rec));
    if (measured) xp_json_add(o, "spread", spread_json(&rec));
    xp_record_free(&rec);
    return o;
}

/* ==== all of the set ========================================================================= */

/* Whether something is to be measured on the recording. */
static bool is_measured(const xp_teach_set *set, const char *record) {
    for (int i = 0; i < set->n_cases; i++)
        for (int k = 0; k < set->cases[i].n_tasks; k++)
            if (set->cases[i].tasks[k].kind == XP_TEACH_MEASURE &&
                !strcmp(set->cases[i].record, record))
                return true;
    return false;
}

static bool is_told(const cJSON *records, const char *path) {
    const cJSON *o;
    cJSON_ArrayForEach(o, records) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(o, "name");
        if (name && !strcmp(name->valuestring, path)) return true;
    }
    return false;
}

/* A file that the set names; one that is not there is for the check to tell. */
static xp_status use(case_files *f, const char *path, xp_error *err) {
    xp_bytes bytes;
    xp_status s = path ? case_files_get(f, path, &bytes, err) : XP_OK;
    return s == XP_ERR_NOT_FOUND ? XP_OK : s;
}

static xp_status add_record(case_files *f, cJSON *records, const char *path, bool measured,
                            xp_error *err) {
    XP_TRY(use(f, path, err));
    if (path && case_files_has(f, path) && !is_told(records, path))
        xp_json_append(records, record_json(f, path, measured));
    return XP_OK;
}

static xp_status use_sums(case_files *f, const cJSON *cases, xp_error *err) {
    const cJSON *o, *sum;
    cJSON_ArrayForEach(o, cases) {
        const cJSON *sums = cJSON_GetObjectItemCaseSensitive(o, "sha256");
        cJSON_ArrayForEach(sum, sums) XP_TRY(use(f, sum->string, err));
    }
    return XP_OK;
}

static xp_status add_records(case_files *f, const xp_teach_set *set, cJSON *records,
                             xp_error *err) {
    for (int i = 0; i < set->n_cases; i++) {
        const xp_teach_case *c = &set->cases[i];
        XP_TRY(add_record(f, records, c->record, is_measured(set, c->record), err));
        XP_TRY(add_record(f, records, c->before, false, err));
        XP_TRY(use(f, c->network, err));
    }
    return use_sums(f, cJSON_GetObjectItemCaseSensitive(set->document, "cases"), err);
}

/* What is wrong with the file where a case names it as what a model said. NULL: nothing. */
static const char *problem_of(const xp_teach_set *set, const case_file *file) {
    bool named = false;
    for (int i = 0; i < set->n_cases; i++) {
        const char *network = set->cases[i].network;
        named = named || (network && !strcmp(network, file->name));
    }
    if (!named) return NULL;
    cJSON *o = cJSON_ParseWithLength((const char *)file->data, file->size);
    const bool good = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(o, "model"));
    cJSON_Delete(o);
    return good ? NULL
                : "it is no document of `xplaim explain --json`, which tells its model: make it "
                  "anew";
}

static cJSON *files_json(const case_files *f, const xp_teach_set *set) {
    cJSON *files = cJSON_CreateArray();
    char hex[65];
    for (int i = 0; i < f->n; i++) {
        const case_file *file = &f->items[i];
        if (!file->used) continue;
        cJSON *o = cJSON_CreateObject();
        xp_sha256_hex((xp_bytes){file->data, file->size}, hex);
        xp_json_add(o, "name", xp_json_text(file->name));
        xp_json_add(o, "size", xp_json_number((double)file->size));
        xp_json_add(o, "sha256", xp_json_text(hex));
        const char *problem = problem_of(set, file);
        if (problem) xp_json_add(o, "problem", xp_json_text(problem));
        xp_json_append(files, o);
    }
    return files;
}

xp_status case_facts(cJSON **facts, case_files *f, const xp_teach_set *set, xp_error *err) {
    cJSON *o = cJSON_CreateObject(), *records = cJSON_CreateArray();
    xp_status s = add_records(f, set, records, err);
    xp_json_add(o, "files", files_json(f, set));
    xp_json_add(o, "records", records);
    char *text = xp_json_print(o);
    *facts = s == XP_OK && text ? cJSON_Parse(text) : NULL; /* numbers as numbers */
    cJSON_free(text);
    if (s == XP_OK && !*facts) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    return s;
}
