/* What a measuring task may ask for. */
#ifndef XP_TEACH_QUANTITY_H
#define XP_TEACH_QUANTITY_H

#include "teach/set.h"

/* Name, unit, default tolerance by level (of a rate: a share of it), what `xplaim measure` calls
 * it. */
#define XP_TEACH_QUANTITY_LIST(X)                                                                  \
    X(XP_TEACH_RATE, "rate", "/min", 0.10, 0.05, 0.03, "heart_rate")                               \
    X(XP_TEACH_RR, "rr", "ms", 40, 20, 10, "rr_interval")                                          \
    X(XP_TEACH_P, "p", "ms", 40, 20, 10, "p_duration")                                             \
    X(XP_TEACH_PR, "pr", "ms", 40, 20, 10, "pr_interval")                                          \
    X(XP_TEACH_QRS, "qrs", "ms", 40, 20, 10, "qrs_duration")                                       \
    X(XP_TEACH_QT, "qt", "ms", 40, 20, 10, "qt_interval")                                          \
    X(XP_TEACH_QTC, "qtc", "ms", 40, 20, 10, "qtc_")                                               \
    X(XP_TEACH_INTERVAL, "interval", "ms", 40, 20, 10, "")                                         \
    X(XP_TEACH_AXIS, "axis", "\xc2\xb0", 30, 15, 10, "qrs_axis")                                   \
    X(XP_TEACH_P_AXIS, "p_axis", "\xc2\xb0", 30, 15, 10, "p_axis")                                 \
    X(XP_TEACH_T_AXIS, "t_axis", "\xc2\xb0", 30, 15, 10, "t_axis")                                 \
    X(XP_TEACH_AMPLITUDE, "amplitude", "mV", 0.2, 0.1, 0.05, "")

typedef enum xp_teach_quantity {
#define X(id, name, unit, beginner, intermediate, advanced, measured) id,
    XP_TEACH_QUANTITY_LIST(X)
#undef X
        XP_TEACH_QUANTITIES
} xp_teach_quantity;

typedef struct xp_teach_quantity_type {
    const char *name, *unit;
    double tolerance[3];
    const char *measured; /* "": nothing */
} xp_teach_quantity_type;

const xp_teach_quantity_type *xp_teach_quantity_at(int quantity);

/* The tolerance of an answer where its task states none. */
double xp_teach_tolerance(int quantity, xp_teach_level level, double answer);

/* Whether values go around a circle. */
bool xp_teach_is_angle(int quantity);

/* What value is off the answer: the short way around the circle for an angle, -180 to 180. */
double xp_teach_difference(int quantity, double value, double answer);

/* QTc in ms from qt and rr in ms; rr > 0. */
double xp_teach_qtc(xp_teach_formula formula, double qt, double rr);

/* Names of formulas in their order; the last is NULL. */
extern const char *const xp_teach_formulas[];

#endif
