/* What the operators of page contents work on. */
#ifndef XP_ECG_PDF_STATE_H
#define XP_ECG_PDF_STATE_H

#include "ecg/pdf/drawing.h"
#include "ecg/pdf/font.h"

enum { PDF_OPERANDS = 32, PDF_STATES = 64, PDF_FONTS = 48 };

/* What q keeps and Q brings back. */
typedef struct pdf_state {
    pdf_matrix ctm;
    uint32_t stroke, fill;
    double pen;
    const pdf_font *font;
    double size, char_space, word_space, stretch, leading, rise;
} pdf_state;

/* Characters that follow one another on a line. */
typedef struct pdf_run {
    char chars[256];
    int n;
    pdf_point at, end;
    double size;
    int direction;
} pdf_run;

typedef struct pdf_interpreter {
    pdf_drawing *d;
    pdf_document *doc;
    int page;
    pdf_matrix base; /* page -> mm */
    double page_area;
    int depth, steps; /* of forms; of operators so far */
    pdf_state states[PDF_STATES];
    int n_states, lost_states, least_states; /* the last: of the form that is drawn */
    pdf_state now;
    pdf_object operand[PDF_OPERANDS];
    int n_operands;
    /* The path that is built: paths of d from first_path on, and points from sub_first on. */
    size_t first_path, sub_first;
    bool sub_closed; /* a line that follows starts at last_start */
    pdf_point last_start;
    pdf_matrix text, line;
    pdf_run run;
    pdf_font fonts[PDF_FONTS];
    int n_fonts;
} pdf_interpreter;

/* An operand as a number, counted from the last; 0 where it is none. */
double pdf_operand(const pdf_interpreter *in, int from_last);
/* The resource of a kind ("Font") that an operand names; a null object where there is none. */
const pdf_object *pdf_resource(const pdf_interpreter *in, const pdf_object *resources,
                               const char *kind, int from_last);
#endif
