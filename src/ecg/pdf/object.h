/* PDF objects and their text: numbers, names, strings, arrays, dictionaries, references. Content
 * streams are read with the same lexer; their operators are words. The parser never fails: what is
 * no object is null, and what comes after the end is PDF_END. */
#ifndef XP_ECG_PDF_OBJECT_H
#define XP_ECG_PDF_OBJECT_H

#include "base/bytes.h"

typedef enum pdf_kind {
    PDF_NULL,
    PDF_BOOL,
    PDF_NUMBER,
    PDF_STRING,
    PDF_NAME,
    PDF_ARRAY,
    PDF_DICT,
    PDF_STREAM, /* a dictionary with bytes */
    PDF_REF,
    PDF_WORD, /* an operator, "obj", "endstream" ... */
    PDF_END
} pdf_kind;

typedef struct pdf_object {
    pdf_kind kind;
    int n;         /* elements of an array, pairs of a dictionary; a reference's generation */
    double number; /* a number, a truth value; the object number of a reference or a stream */
    xp_bytes text; /* a name, a string, a word; a stream's bytes as the file has them */
    const struct pdf_object *items; /* a dictionary has name, value, name, value */
} pdf_object;

/* Memory that is given back as a whole. */
typedef struct pdf_pool {
    struct pdf_chunk *chunks; /* owned */
    size_t used, limit;       /* bytes */
    bool failed;              /* no memory, or more than limit */
    bool no_memory;           /* the former */
} pdf_pool;

/* size bytes, aligned for an object; NULL (and failed) when there are none. */
void *pdf_pool_take(pdf_pool *p, size_t size);
/* Forget everything but keep some memory for what comes next. */
void pdf_pool_reset(pdf_pool *p);
void pdf_pool_free(pdf_pool *p);

typedef struct pdf_lexer {
    xp_bytes in;
    size_t at;
    pdf_pool *pool;
} pdf_lexer;

/* The next object or word. Two numbers and an R become a reference where refs is true. */
pdf_object pdf_next(pdf_lexer *l, bool refs);
void pdf_skip_blanks(pdf_lexer *l);

bool pdf_is(const pdf_object *o, pdf_kind kind, const char *text);
/* The value of a key in a dictionary or stream, as it stands; NULL when it is not there. */
const pdf_object *pdf_lookup(const pdf_object *dict, const char *key);
bool pdf_is_blank(int c);
bool pdf_is_delimiter(int c);

#endif
