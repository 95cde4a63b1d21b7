#include "eval/figures/figures_internal.h"

void xp_figures_free(xp_figure_list *list) {
    for (int i = 0; i < list->n; i++) xp_display_free(&list->items[i].page);
    list->n = 0;
}

xp_status figure_add(xp_figure_list *list, const char *name, const char *title, const char *alt,
                     xp_display *page, xp_error *err) {
    xp_status s = xp_display_check(page, err);
    if (s == XP_OK && list->n == XP_FIGURES_MAX)
        s = xp_fail(err, XP_ERR_LIMIT, "more than %d figures", XP_FIGURES_MAX);
    if (s == XP_OK)
        list->items[list->n++] = (xp_figure){name, title, alt, *page};
    else
        xp_display_free(page);
    return s;
}
