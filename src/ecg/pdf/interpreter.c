#include "ecg/pdf/interpreter.h"

#include "ecg/pdf/text.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_STEPS = 6000000, MOST_FORMS = 10, CONTENT_POOL = 8 << 20 };

static bool is(const pdf_object *op, const char *name) {
    return pdf_is(op, PDF_WORD, name);
}

/* ==== paths ================================================================================== */

static void add(pdf_interpreter *in, double x, double y) {
    pdf_add_point(in->d, pdf_matrix_apply(&in->now.ctm, x, y));
}

/* End the part of the path that is being built. */
static void end_sub(pdf_interpreter *in, bool closed) {
    pdf_drawing *d = in->d;
    pdf_path p = {.page = in->page,
                  .first = in->sub_first,
                  .n = (int)(d->n_points - in->sub_first),
                  .closed = closed};
    if (p.n > 1)
        pdf_add_path(d, &p);
    else
        d->n_points = in->sub_first;
    in->sub_first = d->n_points;
}

static void rectangle(pdf_interpreter *in) {
    double x = pdf_operand(in, 3), y = pdf_operand(in, 2);
    double w = pdf_operand(in, 1), h = pdf_operand(in, 0);
    end_sub(in, false);
    add(in, x, y);
    add(in, x + w, y);
    add(in, x + w, y + h);
    add(in, x, y + h);
    add(in, x, y);
    end_sub(in, true);
}

static void close_sub(pdf_interpreter *in) {
    pdf_drawing *d = in->d;
    if (d->n_points > in->sub_first + 1) {
        pdf_point p = d->points[in->sub_first];
        const pdf_point *end = &d->points[d->n_points - 1];
        if (end->x != p.x || end->y != p.y) pdf_add_point(d, p);
        end_sub(in, true);
        in->sub_closed = true;
        in->last_start = p;
    }
}

static void move_to(pdf_interpreter *in) {
    end_sub(in, false);
    in->sub_closed = false;
    add(in, pdf_operand(in, 1), pdf_operand(in, 0));
}

static void line_to(pdf_interpreter *in, double x, double y) {
    if (in->sub_closed && in->d->n_points == in->sub_first) pdf_add_point(in->d, in->last_start);
    in->sub_closed = false;
    add(in, x, y);
}

/* A filled box that is long and thin is a line, as some writers draw grids. */
static bool thin_box(const pdf_drawing *d, pdf_path *p) {
    if (p->n < 4 || p->n > 5) return false;
    pdf_point *q = d->points + p->first;
    double w = fabs(q[2].x - q[0].x), h = fabs(q[2].y - q[0].y);
    if (!(fmin(w, h) < 0.6 && fmax(w, h) > 8 * fmin(w, h))) return false;
    pdf_point a = q[0], b = q[2];
    if (w < h)
        a.x = b.x = (a.x + b.x) / 2;
    else
        a.y = b.y = (a.y + b.y) / 2;
    q[0] = a;
    q[1] = b;
    p->n = 2;
    p->width = (float)fmin(w, h);
    return true;
}

static double pen_width(const pdf_interpreter *in) {
    const double *m = in->now.ctm.m;
    return in->now.pen * sqrt(fabs(m[0] * m[3] - m[1] * m[2]));
}

/* The path is finished: kept where it is stroked, or a line by its shape. */
static void paint(pdf_interpreter *in, bool stroke, bool fill, bool closing) {
    pdf_drawing *d = in->d;
    if (closing) close_sub(in);
    end_sub(in, false);
    size_t kept = in->first_path;
    for (size_t i = in->first_path; i < d->n_paths; i++) {
        pdf_path p = d->paths[i];
        p.color = stroke ? in->now.stroke : in->now.fill;
        p.width = (float)pen_width(in);
        p.filled = !stroke;
        if (stroke || (fill && thin_box(d, &p))) d->paths[kept++] = p;
    }
    d->n_paths = kept;
    d->n_points = kept ? d->paths[kept - 1].first + (size_t)d->paths[kept - 1].n : 0;
    in->first_path = d->n_paths;
    in->sub_first = d->n_points;
    in->sub_closed = false;
}

static bool path_operator(pdf_interpreter *in, const pdf_object *op) {
    double x = pdf_operand(in, 1), y = pdf_operand(in, 0);
    if (is(op, "m"))
        move_to(in);
    else if (is(op, "l") || is(op, "c") || is(op, "v") || is(op, "y"))
        line_to(in, x, y);
    else if (is(op, "h"))
        close_sub(in);
    else if (is(op, "re"))
        rectangle(in);
    else if (is(op, "S"))
        paint(in, true, false, false);
    else if (is(op, "s"))
        paint(in, true, false, true);
    else if (is(op, "f") || is(op, "F") || is(op, "f*"))
        paint(in, false, true, false);
    else if (is(op, "B") || is(op, "B*"))
        paint(in, true, true, false);
    else if (is(op, "b") || is(op, "b*"))
        paint(in, true, true, true);
    else if (is(op, "n"))
        paint(in, false, false, false);
    else
        return false;
    return true;
}

/* ==== colours ================================================================================ */

static uint32_t channel(double v) {
    return (uint32_t)((v < 0 ? 0 : v > 1 ? 1 : v) * 255 + 0.5);
}

static uint32_t rgb(double r, double g, double b) {
    return channel(r) << 16 | channel(g) << 8 | channel(b);
}

/* By the number of operands: grey, red green blue, or the four inks. */
static uint32_t color(const pdf_interpreter *in) {
    double a = pdf_operand(in, 3), b = pdf_operand(in, 2), c = pdf_operand(in, 1),
           d = pdf_operand(in, 0);
    int n = 0;
    while (n < in->n_operands && n < 4 && in->operand[in->n_operands - 1 - n].kind == PDF_NUMBER)
        n++;
    if (n == 1) return rgb(d, d, d);
    if (n == 3) return rgb(b, c, d);
    if (n == 4) return rgb((1 - a) * (1 - d), (1 - b) * (1 - d), (1 - c) * (1 - d));
    return 0;
}

/* A page that is filled with a pattern has that pattern's steps as its grid. */
static void look_at_pattern(pdf_interpreter *in, const pdf_object *resources) {
    const pdf_object *p = pdf_resource(in, resources, "Pattern", 0);
    const pdf_object *m = pdf_get(in->doc, p, "Matrix");
    if (pdf_get_number(in->doc, p, "PatternType", 0) != 1) return;
    pdf_matrix own = {{1, 0, 0, 1, 0, 0}};
    for (int i = 0; i < 6 && m->kind == PDF_ARRAY; i++) own.m[i] = pdf_item_number(in->doc, m, i);
    own = pdf_matrix_times(own, in->base);
    double x = pdf_get_number(in->doc, p, "XStep", 0), y = pdf_get_number(in->doc, p, "YStep", 0);
    in->d->tile[0] = fabs(x) * hypot(own.m[0], own.m[1]);
    in->d->tile[1] = fabs(y) * hypot(own.m[2], own.m[3]);
    if (fabs(own.m[1]) > fabs(own.m[0])) {
        double t = in->d->tile[0];
        in->d->tile[0] = in->d->tile[1];
        in->d->tile[1] = t;
    }
}

static bool color_operator(pdf_interpreter *in, const pdf_object *op, const pdf_object *resources) {
    pdf_state *s = &in->now;
    if (is(op, "RG") || is(op, "G") || is(op, "K") || is(op, "SC") || is(op, "SCN")) {
        s->stroke = color(in);
    } else if (is(op, "rg") || is(op, "g") || is(op, "k") || is(op, "sc") || is(op, "scn")) {
        s->fill = color(in);
        look_at_pattern(in, resources);
    } else if (is(op, "CS")) {
        s->stroke = 0;
    } else if (is(op, "cs")) {
        s->fill = 0;
    } else {
        return false;
    }
    return true;
}

/* ==== states ================================================================================= */

static void push(pdf_interpreter *in) {
    if (in->n_states < PDF_STATES)
        in->states[in->n_states++] = in->now;
    else
        in->lost_states++;
}

static void pop(pdf_interpreter *in) {
    if (in->lost_states)
        in->lost_states--;
    else if (in->n_states > in->least_states)
        in->now = in->states[--in->n_states];
}

/* Pens, dashes, and what else an ExtGState sets: only the pen's width matters. */
static void take_settings(pdf_interpreter *in, const pdf_object *resources) {
    const pdf_object *g = pdf_resource(in, resources, "ExtGState", 0);
    in->now.pen = pdf_get_number(in->doc, g, "LW", in->now.pen);
}

static bool state_operator(pdf_interpreter *in, const pdf_object *op, const pdf_object *resources) {
    if (is(op, "q")) {
        push(in);
    } else if (is(op, "Q")) {
        pop(in);
    } else if (is(op, "cm")) {
        pdf_matrix m;
        for (int i = 0; i < 6; i++) m.m[i] = pdf_operand(in, 5 - i);
        in->now.ctm = pdf_matrix_times(m, in->now.ctm);
    } else if (is(op, "w")) {
        in->now.pen = pdf_operand(in, 0);
    } else if (is(op, "gs")) {
        take_settings(in, resources);
    } else {
        return false;
    }
    return true;
}

/* ==== forms and pictures ===================================================================== */

static xp_status run(pdf_interpreter *in, const pdf_object *resources, const pdf_object *contents,
                     xp_error *err);

static void note_picture(pdf_interpreter *in) {
    const double *m = in->now.ctm.m;
    double share = fabs(m[0] * m[3] - m[1] * m[2]) / in->page_area;
    in->d->n_pictures++;
    if (share > in->d->picture_share) in->d->picture_share = share;
}

static xp_status do_object(pdf_interpreter *in, const pdf_object *resources, xp_error *err) {
    const pdf_object *x = pdf_resource(in, resources, "XObject", 0);
    if (pdf_is(pdf_get(in->doc, x, "Subtype"), PDF_NAME, "Image")) note_picture(in);
    if (!pdf_is(pdf_get(in->doc, x, "Subtype"), PDF_NAME, "Form") || in->depth == MOST_FORMS)
        return XP_OK;
    pdf_state before = in->now;
    int least = in->least_states;
    const pdf_object *m = pdf_get(in->doc, x, "Matrix");
    const pdf_object *own = pdf_get(in->doc, x, "Resources");
    pdf_matrix matrix;
    for (int i = 0; i < 6; i++) matrix.m[i] = pdf_item_number(in->doc, m, i);
    if (m->kind == PDF_ARRAY) in->now.ctm = pdf_matrix_times(matrix, in->now.ctm);
    in->depth++;
    in->least_states = in->n_states;
    xp_status s = run(in, own->kind == PDF_NULL ? resources : own, x, err);
    in->n_states = in->least_states;
    in->least_states = least;
    in->depth--;
    in->now = before;
    return s;
}

/* Behind the data of a picture that stands in the contents: BI ... ID data EI. */
static void skip_picture(pdf_interpreter *in, pdf_lexer *l) {
    const uint8_t *p = l->in.data;
    note_picture(in);
    for (size_t i = l->at; i + 3 < l->in.size; i++) {
        if (!pdf_is_blank(p[i]) || p[i + 1] != 'E' || p[i + 2] != 'I' || !pdf_is_blank(p[i + 3]))
            continue;
        l->at = i + 3;
        return;
    }
    l->at = l->in.size;
}

/* ==== contents =============================================================================== */

static xp_status step(pdf_interpreter *in, pdf_lexer *l, const pdf_object *op,
                      const pdf_object *resources, xp_error *err) {
    if (path_operator(in, op) || state_operator(in, op, resources) ||
        color_operator(in, op, resources) || pdf_text_operator(in, op, resources))
        return XP_OK;
    if (is(op, "Do")) return do_object(in, resources, err);
    if (is(op, "ID")) skip_picture(in, l);
    return XP_OK;
}

static xp_status run_text(pdf_interpreter *in, xp_bytes text, const pdf_object *resources,
                          xp_error *err) {
    pdf_pool pool = {.limit = CONTENT_POOL};
    pdf_lexer l = {text, 0, &pool};
    xp_status s = XP_OK;
    in->n_operands = 0;
    while (s == XP_OK && !in->d->too_much && !in->d->no_memory) {
        pdf_object o = pdf_next(&l, false);
        if (o.kind == PDF_END) break;
        if (++in->steps > MOST_STEPS) in->d->too_much = true;
        if (o.kind == PDF_WORD) {
            s = step(in, &l, &o, resources, err);
            in->n_operands = 0;
            pdf_pool_reset(&pool);
        } else if (in->n_operands < PDF_OPERANDS) {
            in->operand[in->n_operands++] = o;
        }
    }
    in->d->too_much |= pool.failed && !pool.no_memory;
    in->d->no_memory |= pool.no_memory;
    pdf_pool_free(&pool);
    return s;
}

/* The streams of an array are one text: a token ends with each, as writers have it. */
static xp_status run(pdf_interpreter *in, const pdf_object *resources, const pdf_object *contents,
                     xp_error *err) {
    int n = contents->kind == PDF_ARRAY ? contents->n : 1;
    for (int i = 0; i < n; i++) {
        const pdf_object *o =
            contents->kind == PDF_ARRAY ? pdf_resolve(in->doc, &contents->items[i]) : contents;
        xp_bytes text;
        if (o->kind != PDF_STREAM) continue;
        XP_TRY(pdf_unpack(in->doc, o, &text, err));
        xp_status s = run_text(in, text, resources, err);
        free((void *)(uintptr_t)text.data);
        XP_TRY(s);
    }
    return XP_OK;
}

xp_status pdf_interpret(pdf_interpreter *in, const pdf_object *resources,
                        const pdf_object *contents, xp_error *err) {
    pdf_drawing *d = in->d;
    in->now = (pdf_state){.ctm = in->base, .pen = 1, .stretch = 1};
    in->first_path = d->n_paths;
    in->sub_first = d->n_points;
    xp_status s = run(in, resources, contents, err);
    paint(in, false, false, false);
    pdf_end_run(in);
    for (int i = 0; i < in->n_fonts; i++) pdf_font_free(&in->fonts[i]);
    return s;
}
