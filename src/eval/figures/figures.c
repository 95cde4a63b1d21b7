/* All figures, by their list. */
#include "eval/figures/figures_internal.h"

xp_status xp_figures_draw(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    static const struct {
        figure_fn draw;
        bool one, two;
    } FIGURES[] = {
#define X(draw, one, two) {draw, one, two},
        FIGURE_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++)
        if (from->n_models > 1 ? FIGURES[i].two : FIGURES[i].one)
            XP_TRY(FIGURES[i].draw(list, from, err));
    return XP_OK;
}
