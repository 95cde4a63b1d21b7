/* The convolution's inner loops, written once over the vec_* names; included by each unit. */

static ALWAYS_INLINE vec epilogue_vec(vec v, const xp_conv_epilogue *ep, int c) {
    if (ep->bias) v = vec_add(v, vec_load(ep->bias + c));
    if (ep->relu_first) v = vec_relu(v);
    if (ep->scale) v = vec_mul(v, vec_load(ep->scale + c));
    if (ep->shift) v = vec_add(v, vec_load(ep->shift + c));
    if (ep->relu_last) v = vec_relu(v);
    return v;
}

static float epilogue_one(float v, const xp_conv_epilogue *ep, int c) {
    if (ep->bias) v += ep->bias[c];
    if (ep->relu_first) v = relu1(v);
    if (ep->scale) v *= ep->scale[c];
    if (ep->shift) v += ep->shift[c];
    if (ep->relu_last) v = relu1(v);
    return v;
}

static void conv_epilogue(float *y, ptrdiff_t stride, int rows, int cols,
                          const xp_conv_epilogue *ep) {
    for (int r = 0; r < rows; r++, y += stride) {
        int c = 0;
        for (; c + VEC_N <= cols; c += VEC_N)
            vec_store(y + c, epilogue_vec(vec_load(y + c), ep, c));
        for (; c < cols; c++) y[c] = epilogue_one(y[c], ep, c);
    }
}
