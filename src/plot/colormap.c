/* Colour maps as anchors at equal distances, between which colours are interpolated linearly.
 * viridis (S. van der Walt, N. Smith) and cividis (Nunez, Anderton, Renslow 2018): CC0; Reds: after
 * ColorBrewer 2 (C. Brewer, M. Harrower), Apache 2.0. */
#include "plot/plot.h"

#include <strings.h>

static const uint32_t VIRIDIS[] = {0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d,
                                   0x2c728e, 0x26828e, 0x21918c, 0x1fa088, 0x28ae80, 0x3fbc73,
                                   0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725};
static const uint32_t CIVIDIS[] = {0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x535a6d,
                                   0x61656f, 0x6f7073, 0x7d7c78, 0x8c8878, 0x9b9476, 0xaba072,
                                   0xbcae6c, 0xcdbb63, 0xdec958, 0xf0d846, 0xfee838};
static const uint32_t REDS[] = {0xfff5f0, 0xfee0d2, 0xfcbba1, 0xfc9272, 0xfb694a,
                                0xee3a2c, 0xca181d, 0xa30f15, 0x67000d};
static const uint32_t BLUES[] = {0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6,
                                 0x4292c6, 0x2171b5, 0x08519c, 0x08306b};

static const struct {
    const uint32_t *anchors; /* 0xRRGGBB */
    int n;
} MAPS[XP_COLORMAP_COUNT] = {[XP_VIRIDIS] = {VIRIDIS, sizeof VIRIDIS / sizeof *VIRIDIS},
                             [XP_REDS] = {REDS, sizeof REDS / sizeof *REDS},
                             [XP_CIVIDIS] = {CIVIDIS, sizeof CIVIDIS / sizeof *CIVIDIS},
                             [XP_BLUES] = {BLUES, sizeof BLUES / sizeof *BLUES}};

static const char *const NAMES[XP_COLORMAP_COUNT] = {
#define X(id, name) name,
    XP_COLORMAP_LIST(X)
#undef X
};

uint32_t xp_colormap_rgba(xp_colormap map, float value, int alpha) {
    if (value != value) return 0;
    const uint32_t *c = MAPS[map].anchors;
    float at = (value < 0 ? 0 : value > 1 ? 1 : value) * (float)(MAPS[map].n - 1);
    int i = (int)at;
    if (i > MAPS[map].n - 2) i = MAPS[map].n - 2;
    float f = at - (float)i;
    uint32_t rgba = (uint32_t)alpha << 24;
    for (int k = 0; k < 3; k++) { /* red, the anchor's highest byte, goes lowest */
        float a = (float)(c[i] >> (16 - 8 * k) & 255), b = (float)(c[i + 1] >> (16 - 8 * k) & 255);
        rgba |= (uint32_t)(a + (b - a) * f + 0.5f) << (8 * k);
    }
    return rgba;
}

const char *xp_colormap_name(xp_colormap map) {
    return NAMES[map];
}

int xp_colormap_find(const char *name) {
    for (int i = 0; i < XP_COLORMAP_COUNT; i++)
        if (!strcasecmp(name, NAMES[i])) return i;
    return -1;
}
