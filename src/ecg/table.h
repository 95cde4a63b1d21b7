/* Tables of numbers as recordings: what text, .npy and .mat files have in common. The parsers make
 * an xp_table; xp_table_to_stored decides which column is which. What a table does not say and
 * nobody was asked is an error that names the options: a rate, a unit or a lead is never guessed.
 */
#ifndef XP_ECG_TABLE_H
#define XP_ECG_TABLE_H

#include "ecg/format.h"

enum { XP_TABLE_COLUMNS = 1024, XP_TABLE_FIELD = 160 };

typedef struct xp_table_column {
    char name[64];  /* "" where there is none */
    char units[32]; /* "" where there are none */
} xp_table_column;

typedef struct xp_table {
    int n_columns;
    int64_t n_rows;
    double *values;           /* owned; (n_rows, n_columns); NaN where nothing is */
    xp_table_column *columns; /* owned; (n_columns) */
    bool has_names;           /* of columns */
    int first_line;           /* of a text: the line of the first row; else 0 */
    /* Rows behind those of values that were only looked at, of which no samples are wanted. */
    int64_t more_rows;
    int64_t *more_missing; /* owned; (n_columns), how many of them have nothing there; NULL: none */
    /* What stands before a table of text. */
    double rate; /* Hz; NaN: not stated */
    char units[32];
    xp_facts facts;
} xp_table;

void xp_table_free(xp_table *t);

/* "I (mV)", "aVR [uV]", "V1_mV" as a name and units. */
void xp_table_split_name(xp_table_column *c, const char *text);

/* Exchange rows and columns where the table has more columns than rows: its signals then are rows.
 * False when there is no memory. */
bool xp_table_stand(xp_table *t, const xp_read_options *opt);

/* t stays the caller's; its values are changed. file is named in errors. */
xp_status xp_table_to_stored(xp_stored *w, xp_table *t, const char *file,
                             const xp_read_options *opt, xp_error *err);

/* What a text's numbers are written with. A point or a comma may stand before decimals, or between
 * thousands: where the text does not tell which, it is not read. */
typedef struct xp_marks {
    uint8_t columns[XP_TABLE_COLUMNS]; /* bits: see table_number.c */
    bool point, comma;                 /* seen in a number */
    bool decimal_point, decimal_comma; /* seen where no thousands can be */
    bool minus_zero, signs;            /* "-0" in an even column; a sign in an odd one */
    char example[2][24];               /* a number with a point, with a comma */
} xp_marks;

/* For table_text.c: a number as tables write them, all n bytes of it: decimals behind '.' or behind
 * `comma` (',' or '.'), "1e-3", "0:01.250" and "00:00:01.250" (seconds), and a date before such a
 * time. An empty text, "nan",
 * "NA", "null" and "-" are NaN. False for anything else. */
bool xp_table_number(const char *text, size_t n, char comma, double *v);

/* The same, of a column (XP_TABLE_COLUMNS and more count as the last); how it is written is noted.
 */
bool xp_table_marked_number(const char *text, size_t n, char comma, double *v, xp_marks *marks,
                            int column);

/* An error where the marks of all numbers of a text leave a doubt. separator: of its columns. */
xp_status xp_marks_check(const xp_marks *marks, char separator, int columns, const char *file,
                         xp_error *err);

#endif
