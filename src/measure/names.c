#include "measure/measure.h"

static const xp_quantity_type quantities[] = {
#define X(id, name, unit, text, mdc, scp, loinc, dcm) {name, unit, text, mdc, scp, loinc, dcm},
    XP_QUANTITY_LIST(X)
#undef X
};

const xp_quantity_type *xp_quantity_get(xp_quantity_id id) {
    return &quantities[id];
}

const char *xp_reason_name(xp_reason r) {
    static const char *const names[] = {"",
#define X(id, name, text) name,
                                        XP_REASON_LIST(X)
#undef X
    };
    return names[r];
}

const char *xp_reason_text(xp_reason r) {
    static const char *const texts[] = {"",
#define X(id, name, text) text,
                                        XP_REASON_LIST(X)
#undef X
    };
    return texts[r];
}

const char *xp_reliability_name(xp_reliability r) {
    static const char *const names[] = {"", "high", "moderate", "low"};
    return names[r];
}

const char *xp_amplitude_name(xp_amplitude_id id) {
    static const char *const names[] = {
#define X(id, name) name,
        XP_AMPLITUDE_LIST(X)
#undef X
    };
    return names[id];
}

const char *xp_irregularity_name(xp_irregularity i) {
    static const char *const names[] = {"", "regular", "irregular", "irregularly_irregular"};
    return names[i];
}

const char *xp_presence_name(xp_presence p) {
    static const char *const names[] = {"", "present", "absent"};
    return names[p];
}
