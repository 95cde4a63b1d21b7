/* A measuring task against the recording's own beats: an answer that holds for one of them alone is
 * fair only where the task says which. */
#include "teach/facts.h"
#include "teach/quantity.h"
#include "teach/reader.h"

#include <stdio.h>
#include <string.h>

void teach_check_spread(teach_reader *r, const xp_teach_measure *m) {
    const xp_teach_quantity_type *type = xp_teach_quantity_at(m->quantity);
    char name[40];
    double low, high;
    const bool anywhere = m->where.from < 0 && !strcmp(m->where.lead, "*");
    if (m->quantity == XP_TEACH_QTC)
        snprintf(name, sizeof name, "%s%s", type->measured, xp_teach_formulas[m->formula]);
    else
        snprintf(name, sizeof name, "%s", type->measured);
    if (!name[0] || !teach_fact_spread(r->record, name, &low, &high)) return;
    if (m->where.from < 0 && m->beats <= 1 && high - low > m->tolerance)
        teach_warn(
            r, "tolerance",
            "the recording's own beats have %s of %.4g to %.4g %s, which spreads wider than the "
            "tolerance of %.4g %s: say which beat (\"between\"), span several (\"beats\"), "
            "or widen the tolerance",
            type->name, low, high, type->unit, m->tolerance, type->unit);
    else if (anywhere &&
             (m->answer < low - 2 * m->tolerance || m->answer > high + 2 * m->tolerance))
        teach_warn(r, "answer",
                   "the page measures %s of %.4g to %.4g %s on this recording, and the answer is "
                   "%.4g %s: look at it again",
                   type->name, low, high, type->unit, m->answer, type->unit);
}
