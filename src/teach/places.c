/* Leads, times and paths: fields that are held to what lies beside the document. */
#include "teach/facts.h"
#include "teach/reader.h"
#include "teach/rules.h"

#include <math.h>
#include <string.h>

/* A month is the longest recording of which a time is believed where the recording is not known. */
static const double LONGEST_S = 32 * 86400.0;
/* Files state times in decimals: what is off by less than this is the same. */
static const double TIME_EPSILON = 1e-6;

xp_status teach_read_lead(teach_reader *r, const cJSON *o, const char *key, bool any,
                          teach_need need, const char **out) {
    const char *text = NULL;
    XP_TRY(teach_string(r, o, key, need, &text));
    if (!text) return XP_OK;
    if (any && !strcmp(text, "*")) {
        *out = text;
        return XP_OK;
    }
    const char *lead = teach_lead(text);
    if (!lead)
        return teach_fail(r, XP_ERR_LEAD_UNKNOWN, key, "there is no lead \"%.40s\": write %s%s",
                          text, TEACH_LEADS, any ? ", or * for any" : "");
    if (r->record && !teach_fact_has_lead(r->record, lead))
        return teach_fail(r, XP_ERR_LEAD_UNKNOWN, key,
                          "the recording has no lead %s: name one that it has", lead);
    cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (strcmp(text, lead) && !cJSON_SetValuestring(v, lead))
        return teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
    *out = v->valuestring;
    return XP_OK;
}

static xp_status read_time(teach_reader *r, const cJSON *o, const char *key, double *out) {
    XP_TRY(teach_number(r, o, key, -LONGEST_S, LONGEST_S, TEACH_NEEDED, out));
    if (*out < 0)
        return teach_fail(r, XP_ERR_FORMAT, key,
                          "%g s lies outside the recording, before its start: times are seconds "
                          "from there, from 0 on",
                          *out);
    if (*out > r->seconds + TIME_EPSILON)
        return teach_fail(
            r, XP_ERR_FORMAT, key,
            "%g s lies outside the recording, which has %g s: choose a time inside it", *out,
            r->seconds);
    return XP_OK;
}

xp_status teach_read_times(teach_reader *r, const cJSON *o, double *from, double *to) {
    XP_TRY(read_time(r, o, "from", from));
    XP_TRY(read_time(r, o, "to", to));
    if (*from < *to) return XP_OK;
    return teach_fail(r, XP_ERR_FORMAT, "to",
                      "the span ends at %g s, where it does not lie behind its start at %g s: give "
                      "it a later end",
                      *to, *from);
}

xp_status teach_read_path(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                          const char **out) {
    const char *path = NULL;
    XP_TRY(teach_string(r, o, key, need, &path));
    if (!path) return XP_OK;
    const char *fault = teach_path_fault(path);
    if (fault) return teach_fail(r, XP_ERR_FORMAT, key, "\"%.80s\" %s", path, fault);
    if (r->facts && !teach_fact_file(r->facts, path))
        return teach_fail(r, XP_ERR_NOT_FOUND, key,
                          "the file %.160s is missing from the set: put it there, or correct its "
                          "name (capitals count)",
                          path);
    *out = path;
    return XP_OK;
}
