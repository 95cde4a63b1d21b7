#include "ecg/pdf/open.h"

#include "ecg/pdf/crypt.h"
#include "ecg/pdf/tables.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_POOL = 32 << 20 };

static bool has_pages(pdf_document *doc) {
    const pdf_object *root = pdf_get(doc, &doc->trailer, "Root");
    const pdf_object *pages = pdf_get(doc, root, "Pages");
    return pages->kind == PDF_DICT;
}

/* How streams are encrypted from version 4 on: the method of a crypt filter by its name; "" where
 * they are not. */
static xp_bytes stream_method(pdf_document *doc, const pdf_object *e) {
    const pdf_object *filter = pdf_get(doc, e, "StmF"), *filters = pdf_get(doc, e, "CF");
    char name[64];
    size_t n = filter->text.size;
    if (filter->kind != PDF_NAME || n >= sizeof name) return (xp_bytes){(const uint8_t *)"", 0};
    memcpy(name, filter->text.data, n);
    name[n] = 0;
    const pdf_object *method = pdf_get(doc, pdf_get(doc, filters, name), "CFM");
    return method->kind == PDF_NAME ? method->text : (xp_bytes){(const uint8_t *)"", 0};
}

static bool is_method(xp_bytes method, const char *name) {
    return method.size == strlen(name) && !memcmp(method.data, name, method.size);
}

static xp_status unlock(pdf_document *doc, xp_error *err) {
    const pdf_object *e = pdf_get(doc, &doc->trailer, "Encrypt");
    if (e->kind == PDF_NULL) return XP_OK;
    double version = pdf_get_number(doc, e, "V", 0), bits = pdf_get_number(doc, e, "Length", 40);
    xp_bytes method = stream_method(doc, e);
    double permissions = pdf_get_number(doc, e, "P", 0);
    const pdf_object *id = pdf_get(doc, &doc->trailer, "ID"),
                     *metadata = pdf_get(doc, e, "EncryptMetadata");
    pdf_lock lock = {.revision = (int)fmin(fmax(pdf_get_number(doc, e, "R", 0), 0), 9),
                     .key_size = version == 5   ? 32
                                 : version == 4 ? 16
                                 : version == 1 ? 5
                                                : (int)fmin(fmax(bits / 8, 0), 99),
                     .aes = version == 5 || (version == 4 && is_method(method, "AESV2")),
                     .clear = version >= 4 && (!method.size || is_method(method, "None")),
                     .clear_metadata = metadata->kind == PDF_BOOL && !(metadata->number > 0),
                     .owner = pdf_get(doc, e, "O")->text,
                     .user = pdf_get(doc, e, "U")->text,
                     .user_key = pdf_get(doc, e, "UE")->text};
    if (permissions > -1e10 && permissions < 1e10)
        lock.permissions = (uint32_t)(int64_t)permissions;
    if (id->kind == PDF_ARRAY && id->n) lock.id = pdf_resolve(doc, &id->items[0])->text;
    pdf_crypt *crypt = malloc(sizeof *crypt);
    if (!crypt) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory", doc->name);
    bool known = version == 1 || version == 2 || version == 4 ||
                 (version == 5 && (lock.revision == 5 || lock.revision == 6));
    if (!known || !pdf_unlock(crypt, &lock)) {
        free(crypt);
        return xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "%s is encrypted%s: save it without protection (print it to a PDF), and open "
            "that",
            doc->name, known ? " and asks for a password" : " in a way that is not read");
    }
    doc->crypt = crypt;
    return XP_OK;
}

xp_status pdf_open(pdf_document *doc, xp_bytes file, const char *name, xp_error *err) {
    *doc = (pdf_document){.file = file, .name = name, .pool = {.limit = MOST_POOL}};
    bool found = pdf_read_tables(doc);
    xp_status s = found ? unlock(doc, err) : XP_OK;
    if (s == XP_OK && !(found && has_pages(doc))) {
        found = pdf_scan(doc);
        if (found && !doc->crypt) s = unlock(doc, err);
        if (s == XP_OK && !(found && has_pages(doc)))
            s = xp_fail(err, XP_ERR_FORMAT,
                        "%s: no list of pages was found in its %zu bytes, neither by its "
                        "cross-reference table nor by searching: the file is cut off or damaged; "
                        "export the PDF again",
                        name, file.size);
    }
    if (doc->pool.no_memory)
        s = xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    else if (doc->pool.failed)
        s = xp_fail(err, XP_ERR_LIMIT, "%s: its objects take more than %d MiB of memory", name,
                    MOST_POOL >> 20);
    if (s != XP_OK) pdf_close(doc);
    return s;
}
