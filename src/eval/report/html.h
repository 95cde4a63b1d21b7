/* A page of HTML that needs nothing but itself: tables with captions and headed rows, facts,
 * figures; light or dark as the reader's system is, and fit to be printed. */
#ifndef XP_EVAL_REPORT_HTML_H
#define XP_EVAL_REPORT_HTML_H

#include "base/status.h"

#include <stdio.h>

typedef struct html {
    FILE *to;
    char *bytes; /* the page once closed; the caller's (free) */
    size_t size;
} html;

xp_status html_open(html *h, xp_error *err);
/* XP_ERR_MEMORY where the page is not whole; err may be NULL. h->bytes is to be freed either way.
 */
xp_status html_close(html *h, xp_error *err);

/* Head, heading and the line that stands above and below everything. */
void html_begin(html *h, const char *title, const char *line);
void html_end(html *h, const char *line);

void html_raw(html *h, const char *markup);
/* Anyone's text: what HTML reserves is escaped, control characters and bytes that are no UTF-8 are
 * replaced. */
void html_text(html *h, const char *text);

/* A term and what it is, within <dl>. */
void html_fact(html *h, const char *term, const char *text);

/* A table with a heading for each column (head ends with NULL), of which the first heads rows. */
void html_table(html *h, const char *caption, const char *const *head);
void html_table_end(html *h);
/* Begins a row; `class` may be NULL. The caller ends it with </tr>. */
void html_row(html *h, const char *heading, const char *class);
void html_cell(html *h, const char *text);

#endif
