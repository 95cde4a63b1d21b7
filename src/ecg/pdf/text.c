#include "ecg/pdf/text.h"

#include <math.h>

/* ==== runs =================================================================================== */

void pdf_end_run(pdf_interpreter *in) {
    pdf_run *r = &in->run;
    while (r->n && r->chars[r->n - 1] == ' ') r->n--;
    if (r->n) {
        double dx = r->end.x - r->at.x, dy = r->end.y - r->at.y;
        pdf_text t = {.page = in->page,
                      .at = r->at,
                      .length = hypot(dx, dy),
                      .size = r->size,
                      .direction = r->direction,
                      .n = r->n};
        pdf_add_text(in->d, &t, r->chars);
    }
    r->n = 0;
}

static void append(pdf_run *r, uint32_t c) {
    if (r->n + 4 > (int)sizeof r->chars) return;
    if (c < 0x80) {
        r->chars[r->n++] = (char)c;
    } else if (c < 0x800) {
        r->chars[r->n++] = (char)(0xc0 | c >> 6);
        r->chars[r->n++] = (char)(0x80 | (c & 63));
    } else {
        r->chars[r->n++] = (char)(0xe0 | c >> 12);
        r->chars[r->n++] = (char)(0x80 | (c >> 6 & 63));
        r->chars[r->n++] = (char)(0x80 | (c & 63));
    }
}

static int direction_of(double dx, double dy) {
    if (fabs(dx) >= fabs(dy)) return dx >= 0 ? 0 : 2;
    return dy >= 0 ? 1 : 3;
}

/* A character at `at`, `along` being one em along the line there. What stands further off than a
 * word's gap is another run. */
static void place(pdf_interpreter *in, uint32_t c, pdf_point at, pdf_point end, pdf_point along) {
    pdf_run *r = &in->run;
    double em = hypot(along.x, along.y);
    if (!(em > 0)) return;
    double gx = at.x - r->end.x, gy = at.y - r->end.y;
    double ahead = (gx * along.x + gy * along.y) / em, aside = (gy * along.x - gx * along.y) / em;
    bool joins = r->n && r->n + 8 < (int)sizeof r->chars && fabs(aside) < 0.1 * em &&
                 ahead > -0.35 * em && ahead < em && fabs(r->size - em) < 0.05 * em &&
                 r->direction == direction_of(along.x, along.y);
    if (!joins) pdf_end_run(in);
    if (joins && ahead > 0.2 * em && c != ' ' && r->chars[r->n - 1] != ' ') append(r, ' ');
    if (!r->n) {
        if (c == ' ') return;
        r->at = at;
        r->size = em;
        r->direction = direction_of(along.x, along.y);
    }
    append(r, c);
    r->end = end;
}

/* ==== showing ================================================================================ */

static void advance(pdf_interpreter *in, double by) {
    pdf_matrix move = {{1, 0, 0, 1, by, 0}};
    in->text = pdf_matrix_times(move, in->text);
}

static void show_code(pdf_interpreter *in, const pdf_font *f, uint32_t code) {
    const pdf_state *s = &in->now;
    pdf_matrix m = pdf_matrix_times(in->text, s->ctm);
    double h = s->size * s->stretch;
    double w = (f->width[code] * f->scale * s->size + s->char_space +
                (code == ' ' && !f->wide ? s->word_space : 0)) *
               s->stretch;
    pdf_point zero = pdf_matrix_apply(&m, 0, 0), em = pdf_matrix_apply(&m, h, 0);
    pdf_point at = pdf_matrix_apply(&m, 0, s->rise);
    pdf_point end = pdf_matrix_apply(&m, w, s->rise);
    uint32_t c = f->unicode[code];
    if (c >= ' ')
        place(in, c == 0xa0 ? ' ' : c, at, end, (pdf_point){em.x - zero.x, em.y - zero.y});
    advance(in, w);
}

static void show(pdf_interpreter *in, const pdf_object *o) {
    const pdf_font *f = in->now.font;
    if (o->kind != PDF_STRING || !f) return;
    size_t step = f->wide ? 2 : 1;
    for (size_t i = 0; i + step <= o->text.size; i += step) {
        const uint8_t *p = o->text.data + i;
        show_code(in, f, f->wide ? (uint32_t)(p[0] << 8 | p[1]) : p[0]);
    }
}

static void show_array(pdf_interpreter *in, const pdf_object *o) {
    for (int i = 0; o->kind == PDF_ARRAY && i < o->n; i++) {
        if (o->items[i].kind == PDF_NUMBER)
            advance(in, -o->items[i].number / 1000 * in->now.size * in->now.stretch);
        else
            show(in, &o->items[i]);
    }
}

/* ==== operators ============================================================================== */

static void next_line(pdf_interpreter *in, double x, double y) {
    pdf_matrix move = {{1, 0, 0, 1, x, y}};
    in->line = in->text = pdf_matrix_times(move, in->line);
}

static void set_font(pdf_interpreter *in, const pdf_object *resources) {
    in->now.size = pdf_operand(in, 0);
    in->now.font = NULL;
    const pdf_object *dict = pdf_resource(in, resources, "Font", 1);
    if (dict->kind != PDF_DICT) return;
    for (int i = 0; i < in->n_fonts; i++)
        if (in->fonts[i].dict == dict) in->now.font = &in->fonts[i];
    if (in->now.font || in->n_fonts == PDF_FONTS) return;
    if (pdf_font_load(&in->fonts[in->n_fonts], in->doc, dict))
        in->now.font = &in->fonts[in->n_fonts++];
    else
        in->d->no_memory = true;
}

static bool is(const pdf_object *op, const char *name) {
    return pdf_is(op, PDF_WORD, name);
}

static bool state_operator(pdf_interpreter *in, const pdf_object *op, const pdf_object *resources) {
    double v = pdf_operand(in, 0);
    pdf_state *s = &in->now;
    if (is(op, "Tf"))
        set_font(in, resources);
    else if (is(op, "Tc"))
        s->char_space = v;
    else if (is(op, "Tw"))
        s->word_space = v;
    else if (is(op, "Tz"))
        s->stretch = v / 100;
    else if (is(op, "TL"))
        s->leading = v;
    else if (is(op, "Ts"))
        s->rise = v;
    else
        return false;
    return true;
}

bool pdf_text_operator(pdf_interpreter *in, const pdf_object *op, const pdf_object *resources) {
    static const pdf_object none = {.kind = PDF_NULL};
    const pdf_object *last = in->n_operands ? &in->operand[in->n_operands - 1] : &none;
    double x = pdf_operand(in, 1), y = pdf_operand(in, 0);
    pdf_matrix one = {{1, 0, 0, 1, 0, 0}};
    if (is(op, "BT")) {
        in->text = in->line = one;
    } else if (is(op, "ET")) {
        pdf_end_run(in);
    } else if (is(op, "Tm")) {
        for (int i = 0; i < 6; i++) in->line.m[i] = pdf_operand(in, 5 - i);
        in->text = in->line;
    } else if (is(op, "Td")) {
        next_line(in, x, y);
    } else if (is(op, "TD")) {
        in->now.leading = -y;
        next_line(in, x, y);
    } else if (is(op, "T*")) {
        next_line(in, 0, -in->now.leading);
    } else if (is(op, "Tj")) {
        show(in, last);
    } else if (is(op, "TJ")) {
        show_array(in, last);
    } else if (is(op, "'") || is(op, "\"")) {
        if (op->text.data[0] == '"') {
            in->now.word_space = pdf_operand(in, 2);
            in->now.char_space = pdf_operand(in, 1);
        }
        next_line(in, 0, -in->now.leading);
        show(in, last);
    } else {
        return state_operator(in, op, resources);
    }
    return true;
}
