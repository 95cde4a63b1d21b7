/* What lies beside cases.json, as a document that whoever has the files hands in:
 *
 *   { "files": [ {"name": "records/1.hea", "size": 520, "sha256": "...", "problem": null} ],
 *     "records": [ {"name": "records/1.hea", "seconds": 10, "leads": ["I", "II"], "problem": null,
 *                   "spread": [ {"name": "qt_interval", "low": 360, "high": 410} ]} ] }
 *
 * name: the path in the set. sha256 may be absent: it is then not compared. A record that is not
 * told of is not looked into; problem: why it cannot be read. spread: over the record's own beats,
 * of what `xplaim measure` names. */
#ifndef XP_TEACH_FACTS_H
#define XP_TEACH_FACTS_H

#include "base/json.h"

#include <stdbool.h>

/* The file or the record of that name, or NULL. */
const cJSON *teach_fact_file(const cJSON *facts, const char *name);
const cJSON *teach_fact_record(const cJSON *facts, const char *name);

/* Bytes of all files. */
double teach_fact_bytes(const cJSON *facts);

/* A member of a fact; NaN or NULL where there is none of the kind. */
double teach_fact_number(const cJSON *fact, const char *key);
const char *teach_fact_text(const cJSON *fact, const char *key);

/* Whether the record has the lead, or limb leads that it follows from. */
bool teach_fact_has_lead(const cJSON *record, const char *lead);

/* Lowest and highest of a measured quantity over the record's beats. */
bool teach_fact_spread(const cJSON *record, const char *quantity, double *low, double *high);

#endif
