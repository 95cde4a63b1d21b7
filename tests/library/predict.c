/* Prints the probability of each label: predict MODEL RECORD */
#include <stdio.h>
#include <xplaim.h>

int main(int argc, char **argv) {
    xplaim_recording *recording = NULL;
    xplaim_model *model = NULL;
    xplaim_analysis *analysis = NULL;
    xplaim_label label;
    xplaim_notice notice;
    xplaim_error error = {XPLAIM_ERR_USAGE, "usage: predict MODEL RECORD"};
    int failed = argc != 3 || xplaim_model_read(&model, argv[1], NULL, &error) ||
                 xplaim_recording_read(&recording, argv[2], &error) ||
                 xplaim_analyse(&analysis, recording, model, NULL, &error);
    if (failed) {
        fprintf(stderr, "%s\n", error.text);
    } else {
        for (int i = 0; xplaim_model_label(model, i, &label); i++)
            printf("%s %.9g\n", label.name, xplaim_analysis_probability(analysis, i, NULL));
        for (int i = 0; xplaim_analysis_notice(analysis, i, &notice); i++)
            fprintf(stderr, "note: %s\n", notice.text);
    }
    xplaim_analysis_free(analysis);
    xplaim_model_free(model);
    xplaim_recording_free(recording);
    return failed;
}
