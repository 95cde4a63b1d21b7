/* The metadata of a model file that has fields of its own in xp_model. */
#ifndef XP_NN_MODEL_KEYS_H
#define XP_NN_MODEL_KEYS_H

#include <stdbool.h>

/* In the order in which they are written. */
typedef enum xp_model_key {
    XP_KEY_FORMAT,
    XP_KEY_NAME,
    XP_KEY_ARCHITECTURE,
    XP_KEY_UNITS,
    XP_KEY_RATE,
    XP_KEY_LENGTH,
    XP_KEY_LEADS,
    XP_KEY_LABELS,
    XP_KEY_TRAINED,
    XP_KEY_GRAPH,
    XP_N_KEYS
} xp_model_key;
extern const char *const xp_model_keys[XP_N_KEYS];

/* Whether a key is one of them. */
bool xp_model_is_field(const char *key);

#endif
