/* What a table of numbers, or a drawing, holds and what it does not say, for asking the person
 * whose it is. */
#ifndef XP_ECG_TABLE_VIEW_H
#define XP_ECG_TABLE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

enum { XP_VIEW_COLUMNS = 40, XP_VIEW_ROWS = 5 };

typedef struct xp_table_view {
    bool is_table;   /* false: the file is none, and nothing else is filled in */
    bool is_drawing; /* it has no columns, and the unit that it asks for is its scale:
                        "25 mm/s 10 mm/mV" */
    bool asks_rate, asks_unit, asks_names; /* why reading ended */
    int n_columns;                         /* of which the first XP_VIEW_COLUMNS are here */
    int64_t n_rows;
    double rate; /* Hz, as the text before the table says it; NaN */
    struct {
        char name[64], units[32]; /* as in the file, or "" */
        const char *role;         /* "signal", "time", "index" or "out" */
    } columns[XP_VIEW_COLUMNS];
    double rows[XP_VIEW_ROWS][XP_VIEW_COLUMNS]; /* NaN: nothing is there, or no such row */
} xp_table_view;

#endif
