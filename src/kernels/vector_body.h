/* Element-wise loops, written once over the vec_* names; included by each unit. */

static void vector_add(float *y, const float *x, size_t n) {
    size_t i = 0;
    for (; i + VEC_N <= n; i += VEC_N) vec_store(y + i, vec_add(vec_load(y + i), vec_load(x + i)));
    for (; i < n; i++) y[i] += x[i];
}

static void vector_axpy(float *y, float a, const float *x, size_t n) {
    const vec va = vec_splat(a);
    size_t i = 0;
    for (; i + VEC_N <= n; i += VEC_N)
        vec_store(y + i, vec_fma(va, vec_load(x + i), vec_load(y + i)));
    for (; i < n; i++) y[i] += a * x[i];
}

static inline float relu1(float x) {
    return x < 0 ? 0 : x;
}

static void vector_relu(float *y, const float *x, size_t n) {
    size_t i = 0;
    for (; i + VEC_N <= n; i += VEC_N) vec_store(y + i, vec_relu(vec_load(x + i)));
    for (; i < n; i++) y[i] = relu1(x[i]);
}

static void scale_shift_row(float *y, const float *x, const float *scale, const float *shift, int c,
                            int relu) {
    int i = 0;
    for (; i + VEC_N <= c; i += VEC_N) {
        vec v = vec_fma(vec_load(x + i), vec_load(scale + i), vec_load(shift + i));
        vec_store(y + i, relu ? vec_relu(v) : v);
    }
    for (; i < c; i++) {
        float v = x[i] * scale[i] + shift[i];
        y[i] = relu ? relu1(v) : v;
    }
}

static void vector_scale_shift(float *y, const float *x, const float *scale, const float *shift,
                               int t, int c, int relu) {
    for (int i = 0; i < t; i++)
        scale_shift_row(y + (size_t)i * (size_t)c, x + (size_t)i * (size_t)c, scale, shift, c,
                        relu);
}

static void vector_route_pair(float *d0, float *d1, const float *dy, const float *x0,
                              const float *x1, size_t n) {
    size_t i = 0;
    for (; i + VEC_N <= n; i += VEC_N) {
        const vec g = vec_load(dy + i);
        const vec second = vec_pass(vec_sub(vec_load(x1 + i), vec_load(x0 + i)), g);
        vec_store(d1 + i, vec_add(vec_load(d1 + i), second));
        vec_store(d0 + i, vec_add(vec_load(d0 + i), vec_sub(g, second)));
    }
    for (; i < n; i++) {
        const float second = x1[i] > x0[i] ? dy[i] : 0;
        d1[i] += second;
        d0[i] += dy[i] - second;
    }
}

/* Four partial sums hide the latency of the addition; the order is fixed, so is the result. */
static float vector_dot(const float *a, const float *b, size_t n) {
    vec s[4] = {vec_splat(0), vec_splat(0), vec_splat(0), vec_splat(0)};
    size_t i = 0;
    for (; i + 4 * VEC_N <= n; i += 4 * VEC_N)
        for (int j = 0; j < 4; j++)
            s[j] = vec_fma(vec_load(a + i + j * VEC_N), vec_load(b + i + j * VEC_N), s[j]);
    for (; i + VEC_N <= n; i += VEC_N) s[0] = vec_fma(vec_load(a + i), vec_load(b + i), s[0]);
    float sum = vec_sum(vec_add(vec_add(s[0], s[1]), vec_add(s[2], s[3])));
    for (; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static float vector_sum(const float *a, size_t n) {
    vec s[4] = {vec_splat(0), vec_splat(0), vec_splat(0), vec_splat(0)};
    size_t i = 0;
    for (; i + 4 * VEC_N <= n; i += 4 * VEC_N)
        for (int j = 0; j < 4; j++) s[j] = vec_add(s[j], vec_load(a + i + j * VEC_N));
    for (; i + VEC_N <= n; i += VEC_N) s[0] = vec_add(s[0], vec_load(a + i));
    float sum = vec_sum(vec_add(vec_add(s[0], s[1]), vec_add(s[2], s[3])));
    for (; i < n; i++) sum += a[i];
    return sum;
}

/* Up to a vector of floats, the rest zero; and back. */
static inline vec load_some(const float *p, int n) {
    float t[VEC_N] = {0};
    for (int i = 0; i < n; i++) t[i] = p[i];
    return vec_load(t);
}
static inline void store_some(float *p, vec v, int n) {
    float t[VEC_N];
    vec_store(t, v);
    for (int i = 0; i < n; i++) p[i] = t[i];
}
