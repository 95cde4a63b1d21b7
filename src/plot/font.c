#include "plot/font.h"
#include "plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The memory of stb_truetype while it fills one glyph. stb_truetype checks its allocations, except
 * the one for two rows of a wide glyph: where that fails, `rows` takes its place, which was
 * allocated before. An outline of the same size may take it first, so there is room for two. */
typedef struct fill_memory {
    uint8_t *rows; /* (2, size); NULL: for a narrow glyph stb_truetype has rows of its own */
    size_t size;   /* bytes of both rows */
    int used;
    bool failed;
} fill_memory;

static void *fill_alloc(size_t n, void *memory) {
    fill_memory *m = memory;
    void *p = malloc(n);
    if (p) return p;
    m->failed = true;
    return m->rows && n == m->size && m->used < 2 ? m->rows + n * (size_t)m->used++ : NULL;
}

static void fill_free(void *p, void *memory) {
    const fill_memory *m = memory;
    if (!m->rows || (p != m->rows && p != m->rows + m->size)) free(p);
}

#define STBTT_malloc(n, memory) fill_alloc(n, memory)
#define STBTT_free(p, memory) fill_free(p, memory)
#define STBTT_assert(condition) ((void)0) /* it would end the program where memory is short */
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_truetype.h>
#pragma GCC diagnostic pop

typedef struct font_glyph {
    int code, advance, first, count;
} font_glyph;
#include "font_data.h"

enum { N_GLYPHS = sizeof FONT_GLYPHS / sizeof *FONT_GLYPHS };

/* Letters missing from the font are drawn as U+FFFD, the last one. */
static const font_glyph *find(uint32_t code) {
    for (int i = 0; i < N_GLYPHS; i++)
        if ((uint32_t)FONT_GLYPHS[i].code == code) return &FONT_GLYPHS[i];
    return &FONT_GLYPHS[N_GLYPHS - 1];
}

uint32_t xp_utf8_next(const char *text, size_t n, size_t *at) {
    unsigned char c = (unsigned char)text[(*at)++];
    int more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : -1;
    if (c >= 0xf0 && c < 0xf5) more = 3;
    if (more < 0) return 0xfffd;
    uint32_t code = more ? c & (0x3fu >> more) : c;
    for (int i = 0; i < more; i++) {
        if (*at >= n || ((unsigned char)text[*at] & 0xc0) != 0x80) return 0xfffd;
        code = code << 6 | ((unsigned char)text[(*at)++] & 0x3f);
    }
    bool is_character = code >= 0x20 && code != 0x7f && (code < 0xd800 || code > 0xdfff);
    return is_character && code < 0x110000 ? code : 0xfffd;
}

float xp_glyph_advance(uint32_t code) {
    return (float)find(code)->advance / FONT_UNITS;
}

float xp_text_width(const char *text, size_t n, float size) {
    float w = 0;
    for (size_t at = 0; at < n;) w += xp_glyph_advance(xp_utf8_next(text, n, &at));
    return w * size;
}

xp_glyph xp_glyph_fill(uint32_t code, float size, float shift_x, float shift_y) {
    const font_glyph *g = find(code);
    const stbtt_vertex *v = FONT_VERTICES + g->first;
    float scale = size / FONT_UNITS, low_x = 1e9f, low_y = 1e9f, high_x = -1e9f, high_y = -1e9f;
    if (!g->count) return (xp_glyph){0};
    for (int i = 0; i < g->count; i++) {
        bool curve = v[i].type == STBTT_vcurve;
        float cx = curve ? v[i].cx : v[i].x, cy = curve ? v[i].cy : v[i].y;
        low_x = fminf(low_x, fminf(v[i].x, cx)), high_x = fmaxf(high_x, fmaxf(v[i].x, cx));
        low_y = fminf(low_y, fminf(v[i].y, cy)), high_y = fmaxf(high_y, fmaxf(v[i].y, cy));
    }
    xp_glyph out = {.left = (int)floorf(low_x * scale + shift_x),
                    .top = (int)floorf(-high_y * scale + shift_y)};
    out.width = (int)ceilf(high_x * scale + shift_x) - out.left + 1;
    out.height = (int)ceilf(-low_y * scale + shift_y) - out.top + 1;
    fill_memory m = {.size = (2 * (size_t)out.width + 1) * sizeof(float)};
    const bool wide = out.width > 64; /* as stb_truetype has it */
    if (wide) m.rows = malloc(2 * m.size);
    out.coverage = calloc((size_t)out.width, (size_t)out.height);
    stbtt__bitmap b = {out.width, out.height, out.width, out.coverage};
    if ((m.rows || !wide) && out.coverage) /* stb wants vertices it may write to, and does not. */
        stbtt_Rasterize(&b, 0.2f, (stbtt_vertex *)(uintptr_t)v, g->count, scale, scale, shift_x,
                        shift_y, out.left, out.top, 1, &m);
    out.failed = (wide && !m.rows) || !out.coverage || m.failed;
    free(m.rows);
    return out;
}
