/* Drawings as pictures: PNG loses nothing, and every layout looks as the one that was looked at. */
#include "plot_samples.h"

#include <stdio.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>
#pragma GCC diagnostic pop

static const struct {
    const char *name;
    xp_plot_options o;
    bool map;
} GOLDEN[] = {
    {"12x1", {.layout = XP_LAYOUT_12X1, .plain = true}, true},
    {"6x2", {.layout = XP_LAYOUT_6X2, .plain = true}, false},
    {"3x4",
     {.layout = XP_LAYOUT_3X4, .plain = true, .style = XP_MAP_STRIP, .colormap = XP_REDS},
     true},
    {"3x4+1", {.layout = XP_LAYOUT_3X4_1, .gain = 5}, false},
    {"3x4+3", {.layout = XP_LAYOUT_3X4_3, .speed = 12.5, .plain = true}, false},
    {"cabrera", {.layout = XP_LAYOUT_6X2, .cabrera = true, .plain = true}, false},
    {"single",
     {.layout = XP_LAYOUT_SINGLE, .style = XP_MAP_TRACE, .colormap = XP_CIVIDIS, .gain = 20},
     true}};
static const double GOLDEN_DPI = 60;

static void write_golden(const char *path, const uint8_t *png, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(png, 1, size, f), size);
    fclose(f);
}

static void check_lossless(int width, int height, const char *what,
                           uint8_t (*value)(int x, int y, int k)) {
    xp_image im = {width, height, malloc(3 * (size_t)width * (size_t)height)};
    assert_non_null(im.rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int k = 0; k < 3; k++)
                im.rgb[3 * ((size_t)y * (size_t)width + (size_t)x) + (size_t)k] = value(x, y, k);
    uint8_t *png;
    size_t size;
    xp_error err;
    int w, h, channels;
    assert_int_equal(xp_png(&png, &size, &im, 100, &err), XP_OK);
    uint8_t *rgb = stbi_load_from_memory(png, (int)size, &w, &h, &channels, 3);
    if (!rgb) fail_msg("%s, %d x %d: %s", what, width, height, stbi_failure_reason());
    assert_true(w == width && h == height && channels == 3);
    if (memcmp(rgb, im.rgb, 3 * (size_t)width * (size_t)height))
        fail_msg("%s, %d x %d: other pixels", what, width, height);
    stbi_image_free(rgb);
    free(png);
    xp_image_free(&im);
}

static uint8_t flat(int x, int y, int k) {
    (void)x, (void)y;
    return (uint8_t)(200 + k);
}

static uint8_t noise(int x, int y, int k) {
    uint32_t v = (uint32_t)(x * 7919 + y * 104729 + k * 31) * 2654435761u;
    v ^= v >> 15;
    return (uint8_t)(v * 2246822519u >> 24);
}

static uint8_t grid(int x, int y, int k) {
    return (uint8_t)(x % 59 == 0 || y % 59 < 2 ? 160 + 20 * k : x % 12 == 3 ? 230 + k : 255);
}

/* Counts of the bytes that grow like Fibonacci's numbers make a code that must be cut at 15 bits.
 */
static uint8_t steep(int x, int y, int k) {
    uint32_t v = (uint32_t)(3 * x + k + 1500 * y) * 2654435761u >> 8;
    int n = 0;
    while (n < 30 && v % 1000003u < 618034u) v = v * 1664525u + 1013904223u, n++;
    return (uint8_t)(n * 8 + k);
}

static void png_is_lossless(void **state) {
    (void)state;
    static const int SIZES[][2] = {{1, 1}, {2, 1}, {1, 3}, {5, 4}, {500, 300}, {12000, 30}};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        check_lossless(SIZES[i][0], SIZES[i][1], "flat", flat);
        check_lossless(SIZES[i][0], SIZES[i][1], "noise", noise);
        check_lossless(SIZES[i][0], SIZES[i][1], "grid", grid);
        check_lossless(SIZES[i][0], SIZES[i][1], "steep", steep);
    }
}

/* Pixels in which a channel differs by more than 24 of 255. */
static int count_different(const xp_image *im, const uint8_t *rgb) {
    int n = 0;
    for (size_t i = 0; i < (size_t)im->width * (size_t)im->height; i++) {
        bool same = true;
        for (int k = 0; k < 3; k++)
            same &= abs(im->rgb[3 * i + (size_t)k] - rgb[3 * i + (size_t)k]) <= 24;
        n += !same;
    }
    return n;
}

static void compare_golden(const char *path, const xp_image *im) {
    int w, h, channels;
    xp_bytes file = read_file(path);
    uint8_t *rgb = stbi_load_from_memory(file.data, (int)file.size, &w, &h, &channels, 3);
    assert_non_null(rgb);
    assert_int_equal(w, im->width);
    assert_int_equal(h, im->height);
    int different = count_different(im, rgb);
    if (different > w * h / 1000) fail_msg("%s: %d of %d pixels differ", path, different, w * h);
    stbi_image_free(rgb);
    free((void *)(uintptr_t)file.data);
}

/* XP_PLOT_GOLDEN=write test_pictures makes the pictures anew: look at them before you commit them.
 */
static void layouts_look_as_before(void **state) {
    (void)state;
    sample *s = sample_new();
    const char *mode = getenv("XP_PLOT_GOLDEN");
    for (size_t i = 0; i < sizeof GOLDEN / sizeof *GOLDEN; i++) {
        xp_plot_options o = GOLDEN[i].o;
        o.pixel = 25.4 / GOLDEN_DPI;
        xp_display d = drawn(&s->rec, GOLDEN[i].map ? &s->of : NULL, &o);
        xp_image im = raster(&d, GOLDEN_DPI);
        const char *path = data_path("plot/%s.png", GOLDEN[i].name);
        uint8_t *png;
        size_t size;
        xp_error err;
        assert_int_equal(xp_png(&png, &size, &im, GOLDEN_DPI, &err), XP_OK);
        assert_memory_equal(png + 37, "pHYs", 4);
        assert_int_equal(png[43] << 8 | png[44], 2362); /* 60 / 0.0254 */
        if (mode && !strcmp(mode, "write"))
            write_golden(path, png, size);
        else
            compare_golden(path, &im);
        free(png);
        xp_image_free(&im);
        xp_display_free(&d);
    }
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_is_lossless),
        cmocka_unit_test(layouts_look_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
