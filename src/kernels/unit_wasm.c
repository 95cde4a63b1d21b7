#include "kernels/vec_wasm.h"

#define UNIT xp_kernels_wasm
#ifdef __wasm_relaxed_simd__
#define UNIT_NAME "wasm-relaxed"
#else
#define UNIT_NAME "wasm-simd"
#endif
#include "kernels/unit.h"
