/* The operators of page contents: transforms, paths, colours, text and forms. */
#ifndef XP_ECG_PDF_INTERPRETER_H
#define XP_ECG_PDF_INTERPRETER_H

#include "ecg/pdf/state.h"

/* Draw contents (a stream or an array of streams) to in->d. in is zeroed but for its first fields.
 */
xp_status pdf_interpret(pdf_interpreter *in, const pdf_object *resources,
                        const pdf_object *contents, xp_error *err);

#endif
