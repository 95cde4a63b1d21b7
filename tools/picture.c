#include "picture.h"

#include "base/file.h"

#include <stdlib.h>

static xp_status write_svg(const char *path, const xp_display *d, const char *title,
                           xp_error *err) {
    char *text = NULL;
    size_t size = 0;
    XP_TRY(xp_svg(&text, &size, d, title, err));
    xp_status s = xp_file_write(path, text, size, err);
    free(text);
    return s;
}

static xp_status write_png(const char *path, const xp_display *d, double dpi, xp_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    xp_image image = {0};
    xp_status s = xp_raster(&image, d, dpi, err);
    if (s == XP_OK) s = xp_png(&bytes, &size, &image, dpi, err);
    xp_image_free(&image);
    if (s == XP_OK) s = xp_file_write(path, bytes, size, err);
    free(bytes);
    return s;
}

xp_status picture_write(const char *path, const xp_display *d, const char *title, bool svg,
                        double dpi, xp_error *err) {
    return svg ? write_svg(path, d, title, err) : write_png(path, d, dpi, err);
}
