/* What the pages of a PDF draw that a reader of curves needs: lines with their colour and width,
 * and words with their places. Lengths are millimetres of the page; x runs to the right and y up
 * for one who reads the page's text. */
#ifndef XP_ECG_PDF_DRAWING_H
#define XP_ECG_PDF_DRAWING_H

#include "ecg/pdf/document.h"

typedef struct pdf_point {
    double x, y;
} pdf_point;

typedef struct pdf_path {
    int page; /* 0: the first */
    int n;
    size_t first;   /* of points */
    uint32_t color; /* 0xrrggbb */
    float width;    /* of the pen, mm */
    bool closed, filled;
} pdf_path;

typedef struct pdf_text {
    int page;
    pdf_point at;        /* where the baseline begins */
    double length, size; /* mm */
    int direction;       /* quarter turns against the clock */
    size_t first;        /* of chars, where it ends with a NUL */
    int n;
} pdf_text;

typedef struct pdf_drawing {
    pdf_point *points;
    pdf_path *paths;
    pdf_text *texts;
    char *chars;
    size_t n_points, n_paths, n_texts, n_chars;
    size_t cap_points, cap_paths, cap_texts, cap_chars;
    char producer[96]; /* the program that the file says it was made by */
    int n_pages;
    int n_pictures;
    double picture_share; /* of its page that the largest picture covers */
    double tile[2];       /* steps of a pattern that the page is filled with, mm; 0: none */
    bool too_much, no_memory;
} pdf_drawing;

void pdf_drawing_free(pdf_drawing *d);

/* ---- between the files of this folder ---- */

bool pdf_add_point(pdf_drawing *d, pdf_point p);
bool pdf_add_path(pdf_drawing *d, const pdf_path *p);
bool pdf_add_text(pdf_drawing *d, const pdf_text *t, const char *chars);

/* x' = m[0] x + m[2] y + m[4], y' = m[1] x + m[3] y + m[5] */
typedef struct pdf_matrix {
    double m[6];
} pdf_matrix;

pdf_matrix pdf_matrix_times(pdf_matrix first, pdf_matrix then);
pdf_point pdf_matrix_apply(const pdf_matrix *m, double x, double y);

#endif
