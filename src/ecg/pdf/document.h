/* A PDF file as a set of numbered objects: cross-reference tables and streams, object streams, and
 * a scan of the whole file where those are damaged. References are followed with a limit, so that
 * what refers to itself ends. */
#ifndef XP_ECG_PDF_DOCUMENT_H
#define XP_ECG_PDF_DOCUMENT_H

#include "base/status.h"
#include "ecg/pdf/object.h"

typedef struct pdf_entry pdf_entry;
struct pdf_crypt;

typedef struct pdf_document {
    xp_bytes file;
    const char *name; /* of the file, for messages */
    pdf_pool pool;
    pdf_entry *entries; /* owned; by object number */
    int n_entries;
    size_t decoded;          /* bytes that streams were unpacked to so far */
    bool scanned;            /* the whole file was searched for objects */
    pdf_object trailer;      /* a dictionary */
    struct pdf_crypt *crypt; /* owned; NULL: not encrypted */
} pdf_document;

void pdf_close(pdf_document *doc);

/* What o stands for: itself, or what it refers to. Never NULL, never a reference. */
const pdf_object *pdf_resolve(pdf_document *doc, const pdf_object *o);
/* The resolved value of a key; a null object where there is none. */
const pdf_object *pdf_get(pdf_document *doc, const pdf_object *dict, const char *key);
/* The same as a number. */
double pdf_get_number(pdf_document *doc, const pdf_object *dict, const char *key, double otherwise);
/* Element i of an array as a number, 0 where it is none. */
double pdf_item_number(pdf_document *doc, const pdf_object *array, int i);

/* A stream's bytes, unpacked: malloc'ed, to be freed by the caller. Filters of pictures are not
 * undone: XP_ERR_UNSUPPORTED. */
xp_status pdf_unpack(pdf_document *doc, const pdf_object *stream, xp_bytes *out, xp_error *err);

/* Where in the file a stream begins, for messages. */
size_t pdf_offset(const pdf_document *doc, const pdf_object *stream);

/* ---- between the files of this folder ---- */

struct pdf_entry {
    enum { PDF_FREE, PDF_AT, PDF_PACKED } kind;
    bool busy;
    int generation;           /* or, PDF_PACKED, the place in the stream */
    size_t at;                /* byte of the file, or the number of the object stream */
    const pdf_object *object; /* once it was read */
};

/* Room for object `number`; NULL where the number is beyond what is accepted. */
pdf_entry *pdf_entry_of(pdf_document *doc, int number);
/* The object written at byte `at` ("12 0 obj ..."); number becomes its own, *end the byte behind
 * it. False: there is none. */
bool pdf_object_at(pdf_document *doc, size_t at, pdf_object *out, int *number, size_t *end);
#endif
