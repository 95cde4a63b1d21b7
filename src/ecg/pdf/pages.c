#include "ecg/pdf/pages.h"

#include "ecg/pdf/interpreter.h"

#include <math.h>

/* ==== the way up ============================================================================= */

static pdf_point turn(pdf_point p, int quarters) {
    switch (quarters & 3) {
    case 1:
        return (pdf_point){-p.y, p.x};
    case 2:
        return (pdf_point){-p.x, -p.y};
    case 3:
        return (pdf_point){p.y, -p.x};
    }
    return p;
}

/* Turn a page so that most of its characters are upright, or, where it has none, as its /Rotate
 * says (quarters clockwise). */
static void turn_page(pdf_drawing *d, int page, int rotate, size_t first_path, size_t first_text) {
    size_t chars[4] = {0};
    int most = 0;
    for (size_t i = first_text; i < d->n_texts; i++)
        chars[d->texts[i].direction & 3] += (size_t)d->texts[i].n;
    for (int i = 1; i < 4; i++)
        if (chars[i] > chars[most]) most = i;
    int quarters = chars[most] ? 4 - most : -rotate & 3;
    size_t from = first_path < d->n_paths ? d->paths[first_path].first : d->n_points;
    for (size_t i = from; i < d->n_points; i++) d->points[i] = turn(d->points[i], quarters);
    for (size_t i = first_text; i < d->n_texts; i++) {
        d->texts[i].at = turn(d->texts[i].at, quarters);
        d->texts[i].direction = (d->texts[i].direction + quarters) & 3;
    }
    if (quarters & 1) {
        double x = d->tile[0];
        d->tile[0] = d->tile[1];
        d->tile[1] = x;
    }
    (void)page;
}

/* ==== pages ================================================================================== */

enum { MOST_PAGES = 64, MOST_LEVELS = 32, MOST_NODES = 4096 };

/* What a page inherits from the nodes above it. */
typedef struct inherited {
    const pdf_object *resources, *media, *rotate;
} inherited;

typedef struct walk {
    pdf_drawing *d;
    pdf_document *doc;
    int nodes;
    xp_error *err;
} walk;

static double page_area(pdf_document *doc, const pdf_object *media) {
    double w = pdf_item_number(doc, media, 2) - pdf_item_number(doc, media, 0);
    double h = pdf_item_number(doc, media, 3) - pdf_item_number(doc, media, 1);
    double area = fabs(w * h);
    return area > 0 && area < 1e12 ? area : 612 * 792;
}

static xp_status draw_page(walk *w, const pdf_object *page, const inherited *from) {
    pdf_drawing *d = w->d;
    size_t first_path = d->n_paths, first_text = d->n_texts;
    double unit = pdf_get_number(w->doc, page, "UserUnit", 1);
    if (!(unit > 0 && unit < 1e4)) unit = 1;
    double mm = unit * 25.4 / 72;
    int number = d->n_pages++;
    pdf_interpreter in = {.d = d,
                          .doc = w->doc,
                          .page = number,
                          .base = {{mm, 0, 0, mm, 0, 0}},
                          .page_area = page_area(w->doc, from->media) * mm * mm};
    xp_status s = pdf_interpret(&in, from->resources, pdf_get(w->doc, page, "Contents"), w->err);
    double rotate = from->rotate->kind == PDF_NUMBER ? from->rotate->number / 90 : 0;
    int quarters = rotate > -100 && rotate < 100 ? (int)rotate : 0;
    turn_page(d, number, quarters, first_path, first_text);
    return s;
}

static xp_status draw_node(walk *w, const pdf_object *node, inherited from, int level) {
    if (level > MOST_LEVELS || w->nodes++ > MOST_NODES || w->d->n_pages == MOST_PAGES) return XP_OK;
    const pdf_object *kids = pdf_get(w->doc, node, "Kids"), *own;
    if ((own = pdf_get(w->doc, node, "Resources"))->kind != PDF_NULL) from.resources = own;
    if ((own = pdf_get(w->doc, node, "MediaBox"))->kind != PDF_NULL) from.media = own;
    if ((own = pdf_get(w->doc, node, "Rotate"))->kind != PDF_NULL) from.rotate = own;
    if (node->kind != PDF_DICT) return XP_OK;
    if (kids->kind != PDF_ARRAY) return draw_page(w, node, &from);
    for (int i = 0; i < kids->n; i++)
        XP_TRY(draw_node(w, pdf_resolve(w->doc, &kids->items[i]), from, level + 1));
    return XP_OK;
}

/* Texts of an encrypted file's dictionaries are not in clear. */
static void take_producer(pdf_drawing *d, pdf_document *doc) {
    const pdf_object *info = pdf_get(doc, &doc->trailer, "Info");
    const pdf_object *name = pdf_get(doc, info, "Producer");
    size_t n = 0;
    if (name->kind != PDF_STRING || doc->crypt) return;
    for (size_t i = 0; i < name->text.size && n + 1 < sizeof d->producer; i++)
        if (name->text.data[i] >= ' ' && name->text.data[i] < 127)
            d->producer[n++] = (char)name->text.data[i];
}

xp_status pdf_draw(pdf_drawing *d, pdf_document *doc, xp_error *err) {
    static const pdf_object none = {.kind = PDF_NULL};
    *d = (pdf_drawing){0};
    take_producer(d, doc);
    walk w = {d, doc, 0, err};
    const pdf_object *root = pdf_get(doc, &doc->trailer, "Root");
    xp_status s = draw_node(&w, pdf_get(doc, root, "Pages"), (inherited){&none, &none, &none}, 0);
    if (s == XP_OK && (d->no_memory || doc->pool.no_memory))
        s = xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its pages", doc->name);
    if (s == XP_OK && doc->pool.failed)
        s = xp_fail(err, XP_ERR_LIMIT,
                    "%s: its pages need more memory than is allowed: print the "
                    "page with the ECG to a PDF of its own",
                    doc->name);
    if (s == XP_OK && d->too_much)
        s = xp_fail(err, XP_ERR_LIMIT,
                    "%s: its pages draw too many points, lines or words: print the page with "
                    "the ECG to a PDF of its own",
                    doc->name);
    if (s != XP_OK) pdf_drawing_free(d);
    return s;
}
