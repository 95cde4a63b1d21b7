/* Matrix products over register tiles, written once over the vec_* names; included by each unit.
 *
 * A tile is up to VEC_ROWS rows by VEC_COLS vectors of accumulators. The right-hand matrix is
 * packed: tile after tile of TILE_N columns, in a tile row after row, zero-padded:
 *
 *   b[tile][p][0..TILE_N)
 *
 * so that the inner loop reads it from one pointer. The left-hand matrix is read where it lies. */

#define TILE_N (VEC_N * VEC_COLS)
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Before loops over registers: they must vanish, or the registers become memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef struct tile_args {
    int k, accumulate;
    ptrdiff_t row, step, ldc;
    const char *soon; /* what will be read soon is fetched on the way, pace bytes a step of k */
    ptrdiff_t pace;
} tile_args;

/* c (rows, TILE_N) = a (rows, k) * b (k, TILE_N) [+ c]; a's element (r, p) is at
 * a[r * row + p * step]. rows is a constant where this is inlined. c is loaded before the loop and
 * stored after it, without a branch: only then do the compilers of browsers keep all accumulators
 * in registers. */
static ALWAYS_INLINE void tile(const int rows, const tile_args *s, const float *a, const float *b,
                               float *c) {
    const ptrdiff_t row = s->row, step = s->step, ldc = s->ldc, pace = s->pace;
    const char *soon = s->soon;
    vec acc[VEC_ROWS][VEC_COLS];
    UNROLL
    for (int r = 0; r < rows; r++) UNROLL
    for (int j = 0; j < VEC_COLS; j++)
        acc[r][j] = s->accumulate ? vec_load(c + r * ldc + j * VEC_N) : vec_splat(0);
    for (int p = s->k; p > 0; p--, a += step, b += TILE_N, soon += pace) {
        vec w[VEC_COLS];
        vec_fetch(soon);
        UNROLL
        for (int j = 0; j < VEC_COLS; j++) w[j] = vec_load(b + j * VEC_N);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const vec x = vec_splat(a[r * row]);
            UNROLL
            for (int j = 0; j < VEC_COLS; j++) acc[r][j] = vec_fma(x, w[j], acc[r][j]);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) UNROLL
    for (int j = 0; j < VEC_COLS; j++) vec_store(c + r * ldc + j * VEC_N, acc[r][j]);
}

#define DEFINE_TILE(R)                                                                             \
    static __attribute__((noinline)) void tile_##R(const tile_args *s, const float *a,             \
                                                   const float *b, float *c) {                     \
        tile(R, s, a, b, c);                                                                       \
    }
#if VEC_ROWS == 4
#define FOR_EACH_ROWS(X) X(1) X(2) X(3) X(4)
#elif VEC_ROWS == 6
#define FOR_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#elif VEC_ROWS == 12
#define FOR_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#endif
FOR_EACH_ROWS(DEFINE_TILE)

typedef void (*tile_fn)(const tile_args *, const float *, const float *, float *);
#define TILE_ENTRY(R) tile_##R,
static const tile_fn tile_table[] = {FOR_EACH_ROWS(TILE_ENTRY)};

/* All m rows against one packed tile, in groups as even as possible. */
static void tile_rows(int m, const tile_args *s, const float *a, const float *b, float *c) {
    for (int groups = (m + VEC_ROWS - 1) / VEC_ROWS; groups > 0; groups--) {
        const int rows = (m + groups - 1) / groups;
        tile_table[rows - 1](s, a, b, c);
        a += rows * s->row;
        c += rows * s->ldc;
        m -= rows;
    }
}

static void copy_rows(int m, int n, float *to, ptrdiff_t ld_to, const float *from,
                      ptrdiff_t ld_from) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) to[i * ld_to + j] = from[i * ld_from + j];
}

/* As tile_rows where c has only n <= TILE_N columns. */
static void tile_columns(int m, int n, const tile_args *s, const float *a, const float *b,
                         float *c) {
    if (n == TILE_N) {
        tile_rows(m, s, a, b, c);
        return;
    }
    float whole[VEC_ROWS * TILE_N] = {0};
    tile_args t = *s;
    t.ldc = TILE_N;
    for (int i = 0; i < m; i += VEC_ROWS, a += VEC_ROWS * s->row, c += VEC_ROWS * s->ldc) {
        const int rows = m - i < VEC_ROWS ? m - i : VEC_ROWS;
        if (s->accumulate) copy_rows(rows, n, whole, TILE_N, c, s->ldc);
        tile_table[rows - 1](&t, a, b, whole);
        copy_rows(rows, n, c, s->ldc, whole, TILE_N);
    }
}

#define GEMM_K 256 /* packed tile: GEMM_K x TILE_N floats stay in the first-level cache */

static void clear_rows(int m, int n, float *c, ptrdiff_t ldc) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) c[i * ldc + j] = 0;
}

static void gemm_packed(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                        size_t tile_stride, float *c, ptrdiff_t ldc, int accumulate) {
    if (k == 0 && !accumulate) clear_rows(m, n, c, ldc);
    for (int j = 0; j < n; j += TILE_N, b += tile_stride) {
        tile_args s = {0, 0, lda, 1, ldc, (const char *)b, 0};
        for (int p = 0; p < k; p += GEMM_K) {
            s.k = k - p < GEMM_K ? k - p : GEMM_K;
            s.accumulate = accumulate || p > 0;
            tile_columns(m, n - j < TILE_N ? n - j : TILE_N, &s, a + p, b + (size_t)p * TILE_N,
                         c + j);
        }
    }
}

/* Element (p, j) of the right-hand matrix is b[p * row + j * col]. */
static void pack_tile(float *out, int k, int n, const float *b, ptrdiff_t row, ptrdiff_t col) {
    for (int p = 0; p < k; p++, b += row, out += TILE_N) {
        if (col == 1 && n == TILE_N) {
            for (int j = 0; j < TILE_N; j += VEC_N) vec_store(out + j, vec_load(b + j));
            continue;
        }
        for (int j = 0; j < n; j++) out[j] = b[j * col];
        for (int j = n; j < TILE_N; j++) out[j] = 0;
    }
}

typedef struct gemm_strides {
    ptrdiff_t a_row, a_step, b_row, b_col;
} gemm_strides;

static void gemm_any(int m, int n, int k, const float *a, const float *b, float *c, ptrdiff_t ldc,
                     gemm_strides t, int accumulate) {
    _Alignas(64) float packed[GEMM_K * TILE_N];
    if (k == 0 && !accumulate) clear_rows(m, n, c, ldc);
    for (int j = 0; j < n; j += TILE_N)
        for (int p = 0; p < k; p += GEMM_K) {
            const int kk = k - p < GEMM_K ? k - p : GEMM_K;
            const int nn = n - j < TILE_N ? n - j : TILE_N;
            const tile_args s = {kk,  accumulate || p > 0,  t.a_row, t.a_step,
                                 ldc, (const char *)packed, 0};
            pack_tile(packed, kk, nn, b + p * t.b_row + j * t.b_col, t.b_row, t.b_col);
            tile_columns(m, nn, &s, a + p * t.a_step, packed, c + j);
        }
}

static void gemm_nn(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                    ptrdiff_t ldb, float *c, ptrdiff_t ldc, int accumulate) {
    gemm_any(m, n, k, a, b, c, ldc, (gemm_strides){lda, 1, ldb, 1}, accumulate);
}
static void gemm_tn(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                    ptrdiff_t ldb, float *c, ptrdiff_t ldc, int accumulate) {
    gemm_any(m, n, k, a, b, c, ldc, (gemm_strides){1, lda, ldb, 1}, accumulate);
}
static void gemm_nt(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                    ptrdiff_t ldb, float *c, ptrdiff_t ldc, int accumulate) {
    gemm_any(m, n, k, a, b, c, ldc, (gemm_strides){lda, 1, 1, ldb}, accumulate);
}
