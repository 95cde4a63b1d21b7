#include "ecg/pdf/state.h"

double pdf_operand(const pdf_interpreter *in, int from_last) {
    int i = in->n_operands - 1 - from_last;
    return i >= 0 && in->operand[i].kind == PDF_NUMBER ? in->operand[i].number : 0;
}

const pdf_object *pdf_resource(const pdf_interpreter *in, const pdf_object *resources,
                               const char *kind, int from_last) {
    static const pdf_object none = {.kind = PDF_NULL};
    int i = in->n_operands - 1 - from_last;
    const pdf_object *all = pdf_get(in->doc, resources, kind);
    char key[64];
    if (i < 0 || in->operand[i].kind != PDF_NAME || in->operand[i].text.size >= sizeof key)
        return &none;
    memcpy(key, in->operand[i].text.data, in->operand[i].text.size);
    key[in->operand[i].text.size] = 0;
    return pdf_get(in->doc, all, key);
}
