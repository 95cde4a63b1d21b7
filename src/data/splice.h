/* A signal put together from pieces of another one: pieces that are copied as they are, and pieces
 * that fill a given time between them. Knows nothing of rhythms. */
#ifndef XP_DATA_SPLICE_H
#define XP_DATA_SPLICE_H

#include <stdbool.h>

enum { XP_SPLICE_PIECES = 512 };

typedef struct xp_piece {
    int begin, end; /* samples of the source; begin < end */
    int n;          /* samples it gives: end - begin where it is copied */
    bool fill;    /* the source forwards, backwards, forwards ... until n samples are there, bent so
                     that both its ends meet its neighbours */
    float factor; /* of a copied piece's deviation from the straight line between its ends */
} xp_piece;

typedef struct xp_splice {
    xp_piece piece[XP_SPLICE_PIECES];
    int n, total; /* pieces; samples they give */
    bool full;    /* more pieces were added than there is room for */
} xp_splice;

/* An empty piece is passed over. */
void xp_splice_copy(xp_splice *s, int begin, int end);
void xp_splice_scaled(xp_splice *s, int begin, int end, float factor);
void xp_splice_fill(xp_splice *s, int begin, int end, int n);

/* The first n samples of all pieces (n <= s->total) of from (any length, n_leads) into to (n,
 * n_leads); the two do not overlap. Where two pieces meet there is no step: a piece that follows
 * its neighbour in the source goes on as there, and what lies between others is bent. */
void xp_splice_make(const xp_splice *s, const float *from, float *to, int n, int n_leads);

#endif
