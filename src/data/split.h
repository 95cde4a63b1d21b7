/* Which records train, which validate, which test: whole patients, so that nobody is in two of
 * them. And the order of an epoch. */
#ifndef XP_DATA_SPLIT_H
#define XP_DATA_SPLIT_H

#include "data/dataset.h"

typedef enum xp_part { XP_PART_TRAIN, XP_PART_VALIDATE, XP_PART_TEST, XP_PARTS } xp_part;
const char *xp_part_name(xp_part p); /* "train", "validation", "test" */

typedef struct xp_split {
    uint32_t *items[XP_PARTS]; /* cases of the data set; owned */
    size_t n[XP_PARTS];
    size_t left_out; /* records of no part: drawn patients' that did not fit */
} xp_split;

void xp_split_free(xp_split *s);

/* The whole data set: fold val_fold validates, test_fold tests, the others train. A patient without
 * a fold goes by a hash of its id, the same in every run: one tenth validates, one tenth tests. A
 * patient that this puts in two parts is XP_ERR_FORMAT (the table's folds are not by patient).
 * Parts may be empty. */
xp_status xp_split_all(xp_split *out, const xp_dataset *d, int val_fold, int test_fold,
                       xp_error *err);

/* A balanced draw, as the published system makes it: `count` records of each label, label -1 being
 * "neg": none of the data set's labels (0 in all of them). A record is drawn once, for the first
 * label that takes it. */
typedef struct xp_draw {
    int label;
    size_t count;
} xp_draw;

/* Draw, then part by patients: want[part] records each, or where all three are 0, eight, one and
 * one tenth. Labels are spread evenly over the parts. XP_ERR_USAGE names every label that has too
 * few records, with the counts, or says how many records the parts would need. */
xp_status xp_split_draw(xp_split *out, const xp_dataset *d, const xp_draw *draws, int n_draws,
                        const size_t want[XP_PARTS], uint64_t seed, xp_error *err);

/* Patients with records in more than one part: 0, or the split is wrong. *shared is set. */
xp_status xp_split_shared_patients(const xp_split *s, const xp_dataset *d, size_t *shared,
                                   xp_error *err);

/* Records of a part for which label is 1, 0, -1: counts[0], [1], [2]. */
void xp_split_count(const xp_split *s, const xp_dataset *d, xp_part part, int label,
                    size_t counts[3]);

/* Item i of a shuffled [0, n), n > 0: a permutation that key chooses, computed and not stored (a
 * Feistel network of six rounds over the next even number of bits, walking on until the result is
 * below n; Black and Rogaway 2002). */
uint64_t xp_shuffled(uint64_t i, uint64_t n, uint64_t key);

#endif
