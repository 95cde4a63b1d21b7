/* At build time: the outlines of the characters that pictures need, from a TrueType font, as a C
 * array on standard output. make_font FONT.ttf LICENCE > font_data.h
 * The font's licence text is kept in a comment at the top. */
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_truetype.h>
#include <stdio.h>
#include <stdlib.h>

static const int RANGES[][2] = {
    {0x20, 0x7e},     {0xa0, 0xff},     {0x3b1, 0x3c9},   {0x2013, 0x2014}, {0x2018, 0x201d},
    {0x2022, 0x2022}, {0x2026, 0x2026}, {0x2212, 0x2212}, {0x2264, 0x2265}, {0xfffd, 0xfffd}};

static char *read_all(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) return NULL;
    long n = ftell(f);
    char *p = n > 0 ? malloc((size_t)n) : NULL;
    rewind(f);
    if (p && fread(p, 1, (size_t)n, f) != (size_t)n) {
        free(p);
        p = NULL;
    }
    fclose(f);
    *size = (size_t)n;
    return p;
}

static void print_licence(const char *text, size_t n) {
    printf("// Outlines from DejaVu Sans. The licence of the font:\n// ");
    for (size_t i = 0; i < n; i++) {
        putchar(text[i]);
        if (text[i] == '\n') printf("// ");
    }
    puts("");
}

static int outlines(const stbtt_fontinfo *font, int code, int *first) {
    stbtt_vertex *v;
    int n = stbtt_GetCodepointShape(font, code, &v);
    for (int i = 0; i < n; i++)
        printf("{%d,%d,%d,%d,0,0,%d,0},%s", v[i].x, v[i].y, v[i].cx, v[i].cy, v[i].type,
               i % 6 == 5 ? "\n" : "");
    stbtt_FreeShape(font, v);
    *first += n;
    return n;
}

int main(int argc, char **argv) {
    size_t size, licence_size;
    char *ttf = argc == 3 ? read_all(argv[1], &size) : NULL;
    char *licence = argc == 3 ? read_all(argv[2], &licence_size) : NULL;
    stbtt_fontinfo font;
    if (!ttf || !licence || !stbtt_InitFont(&font, (unsigned char *)ttf, 0)) {
        fprintf(stderr, "make_font: cannot read the font or its licence\n");
        return 1;
    }
    static int rows[0x400][4]; /* code, advance, first, count */
    int n = 0, first = 0, bearing, ascent, descent, gap;
    print_licence(licence, licence_size);
    puts("static const stbtt_vertex FONT_VERTICES[] = {");
    for (size_t r = 0; r < sizeof RANGES / sizeof *RANGES; r++)
        for (int c = RANGES[r][0]; c <= RANGES[r][1]; c++, n++) {
            rows[n][0] = c;
            rows[n][2] = first;
            stbtt_GetCodepointHMetrics(&font, c, &rows[n][1], &bearing);
            rows[n][3] = outlines(&font, c, &first);
        }
    puts("};\nstatic const font_glyph FONT_GLYPHS[] = {");
    for (int i = 0; i < n; i++)
        printf("{%d,%d,%d,%d},\n", rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
    stbtt_GetFontVMetrics(&font, &ascent, &descent, &gap);
    printf("};\nstatic const float FONT_UNITS = %.1ff; /* in an em */\n",
           (double)(1 / stbtt_ScaleForMappingEmToPixels(&font, 1)));
    free(ttf);
    free(licence);
    return 0;
}
