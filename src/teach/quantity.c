#include "teach/quantity.h"

#include <math.h>

static const xp_teach_quantity_type TYPES[XP_TEACH_QUANTITIES] = {
#define X(id, name, unit, beginner, intermediate, advanced, measured)                              \
    {name, unit, {beginner, intermediate, advanced}, measured},
    XP_TEACH_QUANTITY_LIST(X)
#undef X
};

const char *const xp_teach_formulas[] = {"bazett", "fridericia", "framingham", "hodges", NULL};

const xp_teach_quantity_type *xp_teach_quantity_at(int quantity) {
    return &TYPES[quantity];
}

double xp_teach_tolerance(int quantity, xp_teach_level level, double answer) {
    double t = TYPES[quantity].tolerance[level];
    return quantity == XP_TEACH_RATE ? t * fabs(answer) : t;
}

bool xp_teach_is_angle(int quantity) {
    return quantity == XP_TEACH_AXIS || quantity == XP_TEACH_P_AXIS || quantity == XP_TEACH_T_AXIS;
}

double xp_teach_difference(int quantity, double value, double answer) {
    double d = value - answer;
    return xp_teach_is_angle(quantity) ? remainder(d, 360) : d;
}

double xp_teach_qtc(xp_teach_formula formula, double qt, double rr) {
    const double rr_s = rr / 1000;
    switch (formula) {
    case XP_TEACH_BAZETT:
        return qt / sqrt(rr_s);
    case XP_TEACH_FRIDERICIA:
        return qt / cbrt(rr_s);
    case XP_TEACH_FRAMINGHAM:
        return qt + 154 * (1 - rr_s);
    case XP_TEACH_HODGES:
        return qt + 1.75 * (60 / rr_s - 60);
    }
    return NAN;
}
