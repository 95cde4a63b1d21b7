#include "ecg/pdf/drawing.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_POINTS = 3 << 19, MOST_PATHS = 1 << 18, MOST_TEXTS = 1 << 16, MOST_CHARS = 1 << 20 };

pdf_matrix pdf_matrix_times(pdf_matrix a, pdf_matrix b) {
    const double *p = a.m, *q = b.m;
    return (pdf_matrix){{p[0] * q[0] + p[1] * q[2], p[0] * q[1] + p[1] * q[3],
                         p[2] * q[0] + p[3] * q[2], p[2] * q[1] + p[3] * q[3],
                         p[4] * q[0] + p[5] * q[2] + q[4], p[4] * q[1] + p[5] * q[3] + q[5]}};
}

pdf_point pdf_matrix_apply(const pdf_matrix *a, double x, double y) {
    const double *m = a->m;
    return (pdf_point){m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]};
}

/* ==== lists ================================================================================== */

/* Room for `more` elements of `each` bytes behind n. */
static bool room(pdf_drawing *d, void **list, size_t n, size_t *cap, size_t more, size_t each,
                 size_t most) {
    if (more > most - n) {
        d->too_much = true;
        return false;
    }
    if (n + more <= *cap) return true;
    size_t want = 2 * *cap > n + more ? 2 * *cap : n + more + 64;
    if (want > most) want = most;
    void *p = realloc(*list, want * each);
    d->no_memory |= !p;
    if (!p) return false;
    *list = p;
    *cap = want;
    return true;
}

bool pdf_add_point(pdf_drawing *d, pdf_point p) {
    void *list = d->points;
    bool ok = room(d, &list, d->n_points, &d->cap_points, 1, sizeof p, MOST_POINTS);
    d->points = list;
    /* Coordinates that no page has would only overflow later. */
    if (!(fabs(p.x) < 1e7 && fabs(p.y) < 1e7)) p = (pdf_point){0, 0};
    if (ok) d->points[d->n_points++] = p;
    return ok;
}

bool pdf_add_path(pdf_drawing *d, const pdf_path *p) {
    void *list = d->paths;
    bool ok = room(d, &list, d->n_paths, &d->cap_paths, 1, sizeof *p, MOST_PATHS);
    d->paths = list;
    if (ok) d->paths[d->n_paths++] = *p;
    return ok;
}

bool pdf_add_text(pdf_drawing *d, const pdf_text *t, const char *chars) {
    void *list = d->texts, *text = d->chars;
    bool ok = room(d, &list, d->n_texts, &d->cap_texts, 1, sizeof *t, MOST_TEXTS);
    d->texts = list;
    ok = ok && room(d, &text, d->n_chars, &d->cap_chars, (size_t)t->n + 1, 1, MOST_CHARS);
    d->chars = text;
    if (!ok) return false;
    d->texts[d->n_texts] = *t;
    d->texts[d->n_texts++].first = d->n_chars;
    memcpy(d->chars + d->n_chars, chars, (size_t)t->n);
    d->n_chars += (size_t)t->n + 1;
    d->chars[d->n_chars - 1] = 0;
    return true;
}

void pdf_drawing_free(pdf_drawing *d) {
    free(d->points);
    free(d->paths);
    free(d->texts);
    free(d->chars);
    *d = (pdf_drawing){0};
}
