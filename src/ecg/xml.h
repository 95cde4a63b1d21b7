/* XML files as a tree of elements, for the ECG formats that are XML. Parsed by expat, in memory:
 * neither a DTD nor any other file is ever fetched, and depth, number of elements and the text that
 * entities expand to are bounded by the size of the file. */
#ifndef XP_ECG_XML_H
#define XP_ECG_XML_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

typedef struct xp_xml_attribute {
    const char *name, *value; /* name without a prefix */
    struct xp_xml_attribute *next;
} xp_xml_attribute;

/* What is in the text of an element, read as decimal numbers and as base64 of integers of 16 bits:
 * as much of it as is said of samples that are not wanted. */
typedef struct xp_xml_digest {
    int64_t numbers;    /* words between separators */
    int64_t fine;       /* those before one that is no number */
    bool whole;         /* all are whole, of 32 bits */
    int64_t bytes;      /* of base64 */
    int64_t wrong;      /* characters up to one that is not of base64; 0: all are */
    int64_t characters; /* from the first that is no blank on */
    int64_t lowest;     /* samples of -32768 */
    uint32_t crc;       /* of the bytes */
} xp_xml_digest;

typedef struct xp_xml {
    const char *name; /* without a prefix ("hl7:series" is "series") */
    const char *text; /* its own text, without that of its children and the blanks around it */
    const xp_xml_attribute *attributes;
    struct xp_xml *parent, *child, *next; /* child: the first; next: its next sibling */
    struct xp_xml *last;                  /* child */
    int line;
    const xp_xml_digest *digest; /* of a long text of an outline, whose beginning alone is text */
} xp_xml;

typedef struct xp_xml_document {
    char file[128];             /* its name, for messages */
    xp_xml *root;               /* owned, as all below it */
    struct xp_xml_block *block; /* the newest of the blocks of memory that hold it all */
    size_t held;                /* bytes of them */
} xp_xml_document;

/* Parse a file of that name. UTF-8, UTF-16, UTF-32, ISO-8859-1 and Windows-1252 are read, also
 * where the declaration names another of them than the file is in. On error doc is untouched, and
 * err names the line. */
xp_status xp_xml_parse(xp_xml_document *doc, const char *file, xp_bytes bytes, xp_error *err);
void xp_xml_free(xp_xml_document *doc);

/* The same of a long file, in little memory: of texts of samples there is a digest. Not for
 * UTF-32. */
struct xp_file_window;
xp_status xp_xml_outline(xp_xml_document *doc, const char *file, struct xp_file_window *window,
                         xp_error *err);

/* Names are compared in any case; an element may be NULL, and then has nothing. */

/* The first child of that name; NULL: there is none. A name may be a path: "a/b/c". */
const xp_xml *xp_xml_child(const xp_xml *e, const char *path);

/* The next sibling of the same name. */
const xp_xml *xp_xml_next(const xp_xml *e);

/* The first element of that name below e in the order of the text; and the one that follows
 * `after`, below e too. */
const xp_xml *xp_xml_find(const xp_xml *e, const char *name);
const xp_xml *xp_xml_find_next(const xp_xml *e, const xp_xml *after, const char *name);

/* Text of the child at path, and an attribute: "" where there is none. */
const char *xp_xml_text(const xp_xml *e, const char *path);
const char *xp_xml_attr(const xp_xml *e, const char *name);

/* The number that text is, with blanks around it; NaN when it is something else, or nothing. A
 * comma is taken for the mark of decimals where it cannot be one of thousands ("4,88", "0,002"; not
 * "4,880"). */
double xp_xml_number(const char *text);

/* "FILE line 12, <tag> ...": XP_ERR_FORMAT. e may be NULL. */
xp_status xp_xml_fail(const xp_xml_document *doc, const xp_xml *e, xp_error *err, const char *fmt,
                      ...) __attribute__((format(printf, 4, 5)));

/* Whether a file that begins so is XML whose root element has that name. */
bool xp_xml_begins(xp_bytes start, const char *root);

#endif
