#include "data/splice.h"

#include <stddef.h>

static void add(xp_splice *s, xp_piece p) {
    if (p.n < 1) return;
    if (s->n == XP_SPLICE_PIECES) {
        s->full = true;
        return;
    }
    s->piece[s->n++] = p;
    s->total += p.n;
}

void xp_splice_scaled(xp_splice *s, int begin, int end, float factor) {
    add(s, (xp_piece){begin, end, end - begin, false, factor});
}

void xp_splice_copy(xp_splice *s, int begin, int end) {
    xp_splice_scaled(s, begin, end, 1);
}

void xp_splice_fill(xp_splice *s, int begin, int end, int n) {
    if (n == end - begin)
        xp_splice_copy(s, begin, end);
    else
        add(s, (xp_piece){begin, end, n, true, 1});
}

/* Sample k of a range that is read forwards and backwards in turn. */
static int reflected(const xp_piece *p, int k) {
    const int length = p->end - p->begin, turn = k % (2 * length);
    return p->begin + (turn < length ? turn : 2 * length - 1 - turn);
}

static double value(const float *from, int n_leads, int lead, int t) {
    return (double)from[(size_t)t * (size_t)n_leads + (size_t)lead];
}

/* A lead of one piece: what it is in the source, and what is added at its first and behind its last
 * sample, in between in proportion. */
typedef struct stretch {
    const float *from;
    int n_leads, lead;
    const xp_piece *p;
    double first, last;
} stretch;

static double sample(const stretch *s, int k) {
    const xp_piece *p = s->p;
    const double part = p->n > 1 ? (double)k / (double)(p->n - 1) : 0;
    double v = value(s->from, s->n_leads, s->lead, reflected(p, k));
    if (!p->fill && p->factor != 1) {
        const double a = value(s->from, s->n_leads, s->lead, p->begin);
        const double b = value(s->from, s->n_leads, s->lead, p->end - 1);
        const double line = a + (b - a) * part;
        v = line + (double)p->factor * (v - line);
    }
    return v + s->first + (s->last - s->first) * part;
}

static bool follows(const xp_piece *a, const xp_piece *b) {
    return !a->fill && a->end == b->begin;
}

/* The level of a piece against the source's, in a lead: a copied piece that follows its neighbour
 * keeps its level, and one that does not is met by what was bent before it, or is moved. `before`
 * is that of the neighbour, `end` the value of its last sample as made. */
static double first_offset(const stretch *s, const xp_piece *before, double end) {
    const xp_piece *p = s->p;
    if (!before || follows(before, p)) return s->first;
    if (before->fill && !p->fill) return 0; /* the fill was bent towards it */
    return end - value(s->from, s->n_leads, s->lead, p->begin);
}

/* A fill ends at the first sample of the copied piece behind it, at the source's own level. */
static double last_offset(const stretch *s, const xp_piece *next) {
    const xp_piece *p = s->p;
    if (!p->fill || !next || next->fill) return s->first;
    return value(s->from, s->n_leads, s->lead, next->begin) -
           value(s->from, s->n_leads, s->lead, reflected(p, p->n - 1));
}

static void make_lead(const xp_splice *s, const float *from, float *to, int n, int n_leads,
                      int lead) {
    double end = 0, offset = 0;
    for (int i = 0, t = 0; i < s->n && t < n; i++) {
        const xp_piece *p = &s->piece[i];
        stretch now = {from, n_leads, lead, p, offset, 0};
        now.first = first_offset(&now, i > 0 ? &s->piece[i - 1] : NULL, end);
        now.last = last_offset(&now, i + 1 < s->n ? &s->piece[i + 1] : NULL);
        for (int k = 0; k < p->n && t < n; k++, t++) {
            end = sample(&now, k);
            to[(size_t)t * (size_t)n_leads + (size_t)lead] = (float)end;
        }
        offset = now.last;
    }
}

void xp_splice_make(const xp_splice *s, const float *from, float *to, int n, int n_leads) {
    for (int lead = 0; lead < n_leads; lead++) make_lead(s, from, to, n, n_leads, lead);
}
