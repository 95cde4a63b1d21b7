/* What `xplaim xai-check` found, as text, as JSON and as a table. */
#ifndef XP_TOOLS_XAI_REPORT_H
#define XP_TOOLS_XAI_REPORT_H

#include "eval/xai_check.h"
#include "model_file.h"
#include "train/planted_game.h"

typedef struct xai_report {
    const model_file *file;
    xp_xai_options options;
    xp_xai_result result;
    bool has_game; /* the pointing game was played */
    xp_planted_game game;
} xai_report;

void xai_report_text(const xai_report *r);
void xai_report_json(const xai_report *r);
xp_status xai_report_csv(const xai_report *r, const char *path, xp_error *err);

#endif
