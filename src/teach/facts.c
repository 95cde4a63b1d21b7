#include "teach/facts.h"

#include "ecg/leads.h"

#include <math.h>
#include <string.h>

static const cJSON *member(const cJSON *o, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

double teach_fact_number(const cJSON *fact, const char *key) {
    const cJSON *v = member(fact, key);
    return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

const char *teach_fact_text(const cJSON *fact, const char *key) {
    const cJSON *v = member(fact, key);
    return cJSON_IsString(v) ? v->valuestring : NULL;
}

static const cJSON *named(const cJSON *facts, const char *list, const char *name) {
    const cJSON *o;
    cJSON_ArrayForEach(o, member(facts, list)) {
        const char *is = teach_fact_text(o, "name");
        if (is && !strcmp(is, name)) return o;
    }
    return NULL;
}

const cJSON *teach_fact_file(const cJSON *facts, const char *name) {
    return named(facts, "files", name);
}

const cJSON *teach_fact_record(const cJSON *facts, const char *name) {
    return named(facts, "records", name);
}

double teach_fact_bytes(const cJSON *facts) {
    const cJSON *o;
    double sum = 0;
    cJSON_ArrayForEach(o, member(facts, "files")) {
        double size = teach_fact_number(o, "size");
        if (size > 0) sum += size;
    }
    return sum;
}

bool teach_fact_has_lead(const cJSON *record, const char *lead) {
    bool have[XP_LEAD_COUNT] = {false};
    const cJSON *o;
    cJSON_ArrayForEach(o, member(record, "leads")) {
        if (!cJSON_IsString(o)) continue;
        xp_lead_id id = xp_lead_parse(o->valuestring);
        if (id != XP_LEAD_NONE) have[id] = true;
        if (!strcmp(o->valuestring, lead)) return true;
    }
    xp_lead_formula formula;
    xp_lead_id id = xp_lead_parse(lead);
    return id != XP_LEAD_NONE && (have[id] || xp_lead_derive(&formula, id, have));
}

bool teach_fact_spread(const cJSON *record, const char *quantity, double *low, double *high) {
    const cJSON *o = named(record, "spread", quantity);
    *low = teach_fact_number(o, "low");
    *high = teach_fact_number(o, "high");
    return *low <= *high;
}
