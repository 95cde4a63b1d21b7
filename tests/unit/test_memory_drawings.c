/* Memory runs out while something is drawn, or a record is completed and handed on. */
#include "draw_request.h"
#include "ecg/record_bytes.h"
#include "memory_samples.h"
#include "scarce.h"

#include <stdlib.h>
#include <string.h>

typedef struct drawing {
    xp_record rec;
    const char *request;
    const float *values;
    size_t n;
} drawing;

static xp_status add_pictures(const xp_display *d, scarce_result *r, xp_error *err) {
    xp_image image;
    uint8_t *png = NULL;
    char *svg = NULL;
    size_t n_png, n_svg;
    XP_TRY(xp_svg(&svg, &n_svg, d, "title", err));
    scarce_add(r, svg, n_svg);
    free(svg);
    XP_TRY(xp_raster(&image, d, 10, err));
    const xp_status s = xp_png(&png, &n_png, &image, 10, err);
    if (s == XP_OK) scarce_add(r, png, n_png);
    free(png);
    xp_image_free(&image);
    return s;
}

static xp_status draw(void *ctx, scarce_result *r, xp_error *err) {
    const drawing *w = ctx;
    xp_display d = {0};
    XP_TRY(xp_draw_request(&d, &w->rec, NULL, w->request, w->values, w->n, err));
    scarce_add(r, d.points, d.n_points * sizeof *d.points);
    scarce_add(r, d.text, d.n_text);
    const xp_status s = add_pictures(&d, r, err);
    xp_display_free(&d);
    return s;
}

static void drawings(void **state) {
    (void)state;
    static const float values[] = {0, 0.5f, 1, 0.25f};
    drawing w = {record_of(RATE, 200),
                 "{\"layout\": \"3x4+1\", \"title\": \"a\", \"cabrera\": true}", NULL, 0};
    scarce_check("drawing", draw, &w);
    w = (drawing){w.rec,
                  "{\"layout\": \"single\", \"rhythm\": \"II\", \"map\": {\"start\": 0, "
                  "\"seconds\": 4, \"label\": \"afib\", \"probability\": 0.5}}",
                  values, 4};
    scarce_check("drawing with a map", draw, &w);
    w = (drawing){
        w.rec,
        "{\"numbers\": \"rate 60/min\", \"beats\": [{\"time\": 1, \"symbol\": \"N\", \"p\": null, "
        "\"qrs\": [-0.05, 0.05], \"t\": [0.1, 0.3]}], \"faults\": [{\"lead\": \"II\", \"start\": "
        "0, "
        "\"end\": 1, \"word\": \"flat\"}]}",
        NULL, 0};
    scarce_check("drawing with marks", draw, &w);
    w = (drawing){
        w.rec,
        "{\"beat\": {\"rate\": 10, \"samples\": 4, \"fiducial\": 1, \"beats\": 3, \"leads\": "
        "[{\"name\": \"II\"}], \"qrs\": [-0.05, 0.05]}}",
        values, 4};
    scarce_check("drawing a median beat", draw, &w);
    xp_record_free(&w.rec);
}

/* Letters wider than what stb_truetype has room for by itself. */
static xp_status draw_letters(void *ctx, scarce_result *r, xp_error *err) {
    xp_display d = {.width = 60, .height = 20};
    (void)ctx;
    xp_draw_text(&d, 1, 18, 20, XP_ANCHOR_START, 0xff000000, "WI@");
    xp_status s = xp_display_check(&d, err);
    xp_image image;
    if (s == XP_OK) s = xp_raster(&image, &d, 150, err);
    if (s == XP_OK) {
        scarce_add(r, image.rgb, 3 * (size_t)image.width * (size_t)image.height);
        xp_image_free(&image);
    }
    xp_display_free(&d);
    return s;
}

static void letters(void **state) {
    (void)state;
    scarce_check("wide letters", draw_letters, NULL);
}

static xp_status complete(void *ctx, scarce_result *r, xp_error *err) {
    xp_record rec;
    (void)ctx;
    XP_TRY(xp_record_alloc(&rec, "two", RATE, 2, 100, err));
    rec.leads[0].id = XP_LEAD_I;
    rec.leads[1].id = XP_LEAD_II;
    const xp_status s = xp_leads_complete(&rec, err);
    scarce_add(r, &rec.n_leads, sizeof rec.n_leads);
    xp_record_free(&rec);
    return s;
}

static void leads_are_completed(void **state) {
    (void)state;
    scarce_check("derived leads", complete, NULL);
}

static xp_status hand_on(void *ctx, scarce_result *r, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    xp_record back;
    XP_TRY(xp_record_to_bytes(&bytes, &size, ctx, err));
    scarce_add(r, bytes, size);
    const xp_status s = xp_record_from_bytes(&back, (xp_bytes){bytes, size}, err);
    free(bytes);
    if (s == XP_OK) xp_record_free(&back);
    return s;
}

static void records_are_handed_on(void **state) {
    (void)state;
    xp_record rec = record_of(RATE, 100);
    xp_facts_state(&rec.facts, "qrs_duration", 90, "ms", NULL);
    xp_notice_add(&rec.notices, XP_SAY_UNTRAINED, NULL, XP_NO_ARGS);
    scarce_check("a record's block", hand_on, &rec);
    xp_record_free(&rec);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),
        cmocka_unit_test(drawings),
        cmocka_unit_test(leads_are_completed),
        cmocka_unit_test(records_are_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
