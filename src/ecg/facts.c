#include "ecg/facts.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STATEMENTS = 200 };

xp_facts xp_facts_unknown(void) {
    return (xp_facts){.age = NAN,
                      .high_pass = NAN,
                      .low_pass = NAN,
                      .notch = NAN,
                      .paper_speed = NAN,
                      .paper_gain = NAN};
}

void xp_facts_free(xp_facts *f) {
    free(f->statements);
    *f = xp_facts_unknown();
}

/* Room for one more; NULL when there is no memory. */
static xp_statement *grow(xp_facts *f) {
    size_t n = (size_t)f->n_statements;
    if (n & (n - 1)) return f->statements; /* the block is a power of two long */
    xp_statement *more = realloc(f->statements, (n ? 2 * n : 1) * sizeof *more);
    if (more) f->statements = more;
    return more;
}

bool xp_facts_state(xp_facts *f, const char *name, double value, const char *unit,
                    const char *text) {
    if (f->n_statements == MOST_STATEMENTS) return true;
    if (!grow(f)) return false;
    xp_statement *s = &f->statements[f->n_statements++];
    *s = (xp_statement){.value = value};
    xp_copy_text(s->name, sizeof s->name, name);
    xp_copy_text(s->unit, sizeof s->unit, unit ? unit : "");
    xp_copy_text(s->text, sizeof s->text, text ? text : "");
    return true;
}

bool xp_facts_copy(xp_facts *to, const xp_facts *from) {
    *to = *from;
    to->statements = NULL;
    to->n_statements = 0;
    for (int i = 0; i < from->n_statements; i++) {
        const xp_statement *s = &from->statements[i];
        if (!xp_facts_state(to, s->name, s->value, s->unit, s->text)) return false;
    }
    return true;
}
