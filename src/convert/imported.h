/* What every importer does once it has a graph. */
#ifndef XP_CONVERT_IMPORTED_H
#define XP_CONVERT_IMPORTED_H

#include "nn/model.h"

/* Fill in everything of *m that its graph decides, and defaults for what a file of another program
 * does not say: architecture "graph", 500 Hz, labels "label1" .. "labelN" without figures, for 12
 * leads the order I II III aVR aVF aVL V1..V6 (others stay ""), and the metadata "source", what the
 * outputs are and what of the input was assumed (nn/meaning.h). Fails
 * when the graph's output is no vector of labels. */
xp_status xp_imported_describe(xp_model *m, const char *source, xp_error *err);

#endif
