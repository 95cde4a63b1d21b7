#include "eval_cases.h"

#include "model_file.h"
#include "progress.h"

xp_status eval_cases_of_model(xp_eval_cases *c, const xp_model *model, xp_eval_source from,
                              const data_set_options *data, xp_error *err) {
    progress bar = {0};
    if (data) XP_TRY(data_sets_of(&from.data, data, "ds-name", err));
    from.progress = progress_reporter(&bar);
    xp_status s = xp_eval_cases_predict(c, model, &from, err);
    progress_hide(&bar);
    return s;
}

xp_status eval_cases_predict(xp_eval_cases *c, const char *model, xp_eval_source from,
                             const data_set_options *data, xp_error *err) {
    model_file f;
    XP_TRY(model_file_load(&f, model, err));
    xp_status s = model_file_need_probabilities(&f, "an evaluation", err);
    if (s == XP_OK) s = eval_cases_of_model(c, &f.model, from, data, err);
    model_file_free(&f);
    return s;
}
