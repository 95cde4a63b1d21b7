/* What a model file says of a label, as JSON: the file's side of model.c. */
#ifndef XP_NN_LABEL_JSON_H
#define XP_NN_LABEL_JSON_H

#include "base/json.h"
#include "nn/model.h"

/* index (from 0) is for messages. XP_ERR_FORMAT for a value of another kind, XP_ERR_LIMIT for a
 * text that is too long. What is not there is not known. */
xp_status label_read_json(xp_label *l, const cJSON *o, int index, xp_error *err);
cJSON *label_to_json(const xp_label *l); /* the caller's; NULL without memory */

/* The shortest decimal that reads back as the same double (cJSON's own may lose the last bit). */
const char *label_number(char *text, size_t room, double v);

#endif
