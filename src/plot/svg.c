/* Display list -> SVG: the user unit is a millimetre. */
#include "plot/font.h"
#include "plot/plot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct text_buffer {
    char *s; /* owned */
    size_t n, cap;
    bool failed;
} text_buffer;

static void put_bytes(text_buffer *b, const char *s, size_t n) {
    if (!b->failed && n >= b->cap - b->n) {
        size_t want = 2 * b->cap + n + 1024;
        char *p = realloc(b->s, want);
        if (p) b->s = p, b->cap = want;
        b->failed = !p;
    }
    if (b->failed) return;
    memcpy(b->s + b->n, s, n);
    b->n += n;
    b->s[b->n] = 0;
}

static void put(text_buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(text_buffer *b, const char *fmt, ...) {
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n > 0) put_bytes(b, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* A length in mm, to a thousandth, without the zeros at its end. */
static void put_mm(text_buffer *b, float v, char after) {
    char s[32];
    int n = snprintf(s, sizeof s, "%.3f", (double)v);
    while (n > 1 && s[n - 1] == '0') n--;
    if (n > 1 && s[n - 1] == '.') n--;
    s[n++] = after;
    put_bytes(b, s, (size_t)n);
}

/* Hostile names: what XML reserves is escaped, what is no character becomes U+FFFD. */
static void put_escaped(text_buffer *b, const char *s, size_t n) {
    for (size_t at = 0; at < n;) {
        size_t from = at;
        uint32_t code = xp_utf8_next(s, n, &at);
        if (code == '&' || code == '<' || code == '>' || code == '"')
            put(b, "&#%u;", (unsigned)code);
        else if (code == 0xfffd || code == 0xfffe || code == 0xffff)
            put_bytes(b, "\xef\xbf\xbd", 3);
        else
            put_bytes(b, s + from, at - from);
    }
}

static void put_paint(text_buffer *b, const char *what, uint32_t rgba) {
    put(b, " %s=\"#%02x%02x%02x\"", what, (unsigned)(rgba & 255), (unsigned)(rgba >> 8 & 255),
        (unsigned)(rgba >> 16 & 255));
    if (rgba >> 24 != 255) put(b, " %s-opacity=\"%.3g\"", what, (double)(rgba >> 24) / 255);
}

static void put_line(text_buffer *b, const xp_point *p, size_t n, const xp_draw_op *op) {
    put(b, "<polyline fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"");
    put_paint(b, "stroke", op->rgba);
    put(b, " stroke-width=\"%.3g\" points=\"", (double)op->size);
    for (size_t i = 0; i < (n == 1 ? 2 : n); i++) {
        put_mm(b, p[n == 1 ? 0 : i].x, ',');
        put_mm(b, p[n == 1 ? 0 : i].y, ' ');
    }
    put(b, "\"/>\n");
}

static void put_box(text_buffer *b, float x0, float y0, float x1, float y1) {
    put_bytes(b, "M", 1);
    put_mm(b, x0, ' ');
    put_mm(b, y0, 'H');
    put_mm(b, x1, 'V');
    put_mm(b, y1, 'H');
    put_mm(b, x0, 'Z');
}

static void put_rects(text_buffer *b, const xp_point *p, size_t n, uint32_t rgba) {
    put(b, "<path");
    put_paint(b, "fill", rgba);
    put(b, " d=\"");
    for (size_t i = 0; i < n; i++)
        put_box(b, p[2 * i].x, p[2 * i].y, p[2 * i + 1].x, p[2 * i + 1].y);
    put(b, "\"/>\n");
}

/* Neighbours of one colour become one box; no seams between them. */
static void put_cells(text_buffer *b, const xp_point *p, const uint32_t *colors, size_t n) {
    float step = (p[1].x - p[0].x) / (float)n;
    put(b, "<g shape-rendering=\"crispEdges\">");
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && colors[j] == colors[i]; j++) {
        }
        if (!(colors[i] >> 24)) continue;
        put(b, "<path");
        put_paint(b, "fill", colors[i]);
        put(b, " d=\"");
        put_box(b, p[0].x + step * (float)i, p[0].y, p[0].x + step * (float)j, p[1].y);
        put(b, "\"/>");
    }
    put(b, "</g>\n");
}

static void put_text(text_buffer *b, const xp_display *d, const xp_draw_op *op) {
    static const char *const ANCHORS[] = {"start", "middle", "end", "end"};
    const xp_point *p = &d->points[op->extra & 0xffffff];
    put(b,
        "<text xml:space=\"preserve\" x=\"%.3f\" y=\"%.3f\" font-size=\"%.3g\" "
        "text-anchor=\"%s\"",
        (double)p->x, (double)p->y, (double)op->size, ANCHORS[op->extra >> 24 & 3]);
    put_paint(b, "fill", op->rgba);
    if (op->extra >> 26 & 1)
        put(b, " transform=\"rotate(-90 %.3f %.3f)\"", (double)p->x, (double)p->y);
    put_bytes(b, ">", 1);
    put_escaped(b, d->text + op->first, op->count);
    put(b, "</text>\n");
}

static void put_op(text_buffer *b, const xp_display *d, const xp_draw_op *op) {
    const xp_point *p = d->points + op->first;
    switch ((xp_draw_kind)op->kind) {
    case XP_DRAW_LINE:
        put_line(b, p, op->count, op);
        break;
    case XP_DRAW_RECTS:
        put_rects(b, p, op->count, op->rgba);
        break;
    case XP_DRAW_CELLS:
        put_cells(b, p, d->colors + op->extra, op->count);
        break;
    case XP_DRAW_TEXT:
        put_text(b, d, op);
        break;
    }
}

xp_status xp_svg(char **text, size_t *size, const xp_display *d, const char *title, xp_error *err) {
    text_buffer b = {0};
    put(&b,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.6gmm\" height=\"%.6gmm\" "
        "viewBox=\"0 0 %.6g %.6g\" role=\"img\" font-family=\"DejaVu Sans, Verdana, Liberation "
        "Sans, Arial, sans-serif\">\n<title>",
        (double)d->width, (double)d->height, (double)d->width, (double)d->height);
    put_escaped(&b, title, strlen(title));
    put(&b, "</title>\n<rect width=\"100%%\" height=\"100%%\"");
    put_paint(&b, "fill", d->paper ? d->paper : 0xffffffff);
    put(&b, "/>\n");
    for (size_t i = 0; i < d->n_ops; i++) put_op(&b, d, &d->ops[i]);
    put(&b, "</svg>\n");
    if (b.failed) {
        free(b.s);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for an SVG file");
    }
    *text = b.s;
    *size = b.n;
    return XP_OK;
}
