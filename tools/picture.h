/* A display list as a picture on disk. */
#ifndef XP_TOOLS_PICTURE_H
#define XP_TOOLS_PICTURE_H

#include "plot/plot.h"

/* As SVG with this title, or as PNG of so many pixels an inch. */
xp_status picture_write(const char *path, const xp_display *d, const char *title, bool svg,
                        double dpi, xp_error *err);

#endif
