/* Where in a text its table begins, and how its rows are cut into fields. */
#ifndef XP_ECG_TABLE_LAYOUT_H
#define XP_ECG_TABLE_LAYOUT_H

#include "ecg/table.h"

/* A line without its end; NUL bytes are taken for blanks. */
typedef struct xp_line {
    const char *text; /* NULL: there is no more */
    size_t n;
    int number; /* from 1 */
} xp_line;

typedef struct xp_line_reader {
    const char *at, *end;
    int number;
} xp_line_reader;

xp_line_reader xp_lines(xp_bytes text);

/* The next line that is not blank. */
xp_line xp_next_line(xp_line_reader *r);

/* Fields of a line are cut at this; commas: decimals may be behind one. */
typedef struct xp_dialect {
    char separator; /* ' ': blanks and tabs, any number; 0: a line is one field */
    char comma;     /* what decimals stand behind, beside '.' */
} xp_dialect;

/* The next field of the line, quotes and blanks around it cut; false at the end. *at begins as 0.
 */
bool xp_next_field(const xp_line *line, size_t *at, xp_dialect d, const char **text, size_t *n);

typedef struct xp_layout {
    xp_dialect dialect;
    int columns;
    xp_line names, units; /* header rows; text NULL: there are none */
    xp_line first;        /* row of numbers */
    int rows;             /* that were seen: 2 where there are more */
    bool counted;         /* the names are 0, 1, 2, ...: none */
    bool named;           /* a name stands before the numbers of each row, which are a lead's:
                             columns counts them with it */
} xp_layout;

/* Numbers of a row that may be those of a lead, and not of a time. */
enum { XP_LEAST_LYING = 64 };

/* False where no line of the first 200 is a row of numbers. */
bool xp_find_layout(xp_layout *out, xp_bytes text);

/* Whether a file's beginning is one of rows too long to end in it, each of a lead. */
bool xp_begins_lying(xp_bytes start);

/* Read a table that lies: a row for each lead (table_lying.c). t holds facts alone; on error it is
 * as xp_table_free takes it. */
xp_status xp_read_lying(xp_table *t, const char *file, const xp_layout *l, xp_bytes text,
                        xp_error *err);

/* What the lines before a table say of it (table_facts.c): t's rate, units and facts, and the name
 * of its column where it has but one. t has its columns. */
void xp_table_read_facts(xp_table *t, const xp_layout *l, xp_bytes text);

/* A field as a text on one line, of XP_TABLE_FIELD bytes at most; marked letters are composed. */
void xp_table_copy_field(char *dst, size_t size, const char *text, size_t n);

/* A field of a header as a column's name and units; marked letters are composed. */
void xp_table_name_column(xp_table_column *c, const char *text, size_t n);

/* Rows of numbers from the first on. */
int64_t xp_count_rows(const xp_layout *l, xp_bytes text);

#endif
