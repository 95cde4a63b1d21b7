#include "teach/bundle.h"

#include "teach/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As scripts/bundle-page.mjs writes a data element, and web/core/cases_core.js puts it together
 * again.
 */
static const char ELEMENT[] = "<script type=\"text/plain\" data-inside=\"";
static const char ELEMENT_END[] = "</script>\n";
static const char SCALAR[] = "data-inside=\"xplaim-scalar.wasm\"";

/* Where text stands in [from, to) of the page; `to`: nowhere. */
static size_t find(xp_bytes page, size_t from, size_t to, const char *text) {
    const size_t n = strlen(text);
    while (from + n <= to) {
        const uint8_t *p = memchr(page.data + from, text[0], to - from - n + 1);
        if (!p) return to;
        from = (size_t)(p - page.data);
        if (!memcmp(p, text, n)) return from;
        from++;
    }
    return to;
}

static void copy(xp_buffer *out, xp_bytes page, size_t from, size_t to) {
    if (to > from) xp_buffer_add(out, page.data + from, to - from);
}

/* ==== the page's head ======================================================================== */

/* The page up to its data, with the set's title and told to play it. */
static bool write_head(xp_buffer *out, xp_bytes page, size_t end, const xp_teach_set *set) {
    const size_t title = find(page, 0, end, "<title>"),
                 title_end = find(page, title, end, "</title>");
    const size_t tag = find(page, title_end, end, "<ecg-xplaim");
    if (title == end || title_end == end || tag == end) return false;
    copy(out, page, 0, title + strlen("<title>"));
    teach_escape(out, set->title, SIZE_MAX);
    copy(out, page, title_end, tag + strlen("<ecg-xplaim"));
    xp_buffer_text(out, " cases=\"cases/cases.json\"");
    if (set->lock) xp_buffer_text(out, " lock");
    copy(out, page, tag + strlen("<ecg-xplaim"), end);
    return true;
}

/* ==== data =================================================================================== */

static bool begins(xp_bytes page, size_t at, size_t end, const char *text) {
    const size_t n = strlen(text);
    return end - at >= n && !memcmp(page.data + at, text, n);
}

static void write_element(xp_buffer *out, const char *folder, const char *name, xp_bytes bytes) {
    xp_buffer_printf(out, "%s%s%s\" data-bytes=\"%zu\">", ELEMENT, folder, name, bytes.size);
    teach_stored(out, bytes);
    xp_buffer_text(out, ELEMENT_END);
}

/* What is to become of the page's own elements. */
typedef struct choice_of_parts {
    bool with_model, has_model;
    bool only_scalar; /* without a model nothing takes long: one module does */
} choice_of_parts;

/* The element whose name begins at `at`, and which ends at `end`. */
static void write_part(xp_buffer *out, xp_bytes page, size_t from, size_t end,
                       choice_of_parts *parts) {
    static const char modules[] = "[\"scalar\"]\n";
    const size_t at = from + strlen(ELEMENT);
    const bool model = begins(page, at, end, "model.safetensors\"");
    parts->has_model = parts->has_model || model;
    if (begins(page, at, end, "samples/") || begins(page, at, end, "cases/")) return;
    if (model && !parts->with_model) return;
    if (parts->only_scalar && begins(page, at, end, "modules.json\""))
        write_element(out, "", "modules.json",
                      (xp_bytes){(const uint8_t *)modules, sizeof modules - 1});
    else if (!parts->only_scalar || !(begins(page, at, end, "xplaim-relaxed.wasm\"") ||
                                      begins(page, at, end, "xplaim-simd.wasm\"")))
        copy(out, page, from, end);
}

/* The elements from `at` on; returns where they end. */
static size_t write_parts(xp_buffer *out, xp_bytes page, size_t at, choice_of_parts *parts) {
    while (begins(page, at, page.size, ELEMENT)) {
        size_t end = find(page, at, page.size, ELEMENT_END);
        if (end == page.size) break;
        end += strlen(ELEMENT_END);
        write_part(out, page, at, end, parts);
        at = end;
    }
    return at;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const xp_teach_packed *)a)->name, ((const xp_teach_packed *)b)->name);
}

/* ============================================================================================= */

static xp_status fail(xp_teach_fault *fault, xp_status code, const char *text) {
    *fault = (xp_teach_fault){.code = code};
    snprintf(fault->text, sizeof fault->text, "%s", text);
    return code;
}

xp_status xp_teach_bundle(xp_buffer *out, xp_bytes page, const xp_teach_set *set, xp_bytes document,
                          xp_teach_packed *files, int n_files, bool with_model,
                          xp_teach_fault *fault) {
    choice_of_parts parts = {.with_model = with_model};
    *fault = (xp_teach_fault){.code = XP_OK};
    const size_t data = find(page, 0, page.size, ELEMENT);
    if (data == page.size || !write_head(out, page, data, set))
        return fail(fault, XP_ERR_FORMAT,
                    "this is not the page as one file: take ecg-xplaim.html of a release, or one "
                    "made by scripts/bundle-page.mjs");
    parts.only_scalar = !with_model && find(page, data, page.size, SCALAR) < page.size;
    const size_t end = write_parts(out, page, data, &parts);
    if (with_model && !parts.has_model)
        return fail(fault, XP_ERR_NOT_FOUND,
                    "this page has no model to pack: take ecg-xplaim.html of a release, or pack "
                    "without the network");
    write_element(out, "cases/", "cases.json", document);
    if (n_files > 1) qsort(files, (size_t)n_files, sizeof *files, compare_names);
    for (int i = 0; i < n_files; i++) write_element(out, "cases/", files[i].name, files[i].bytes);
    copy(out, page, end, page.size);
    return out->failed ? fail(fault, XP_ERR_MEMORY, "not enough memory") : XP_OK;
}
