#include "kernels/vec_avx512.h"

#define UNIT xp_kernels_avx512
#define UNIT_NAME "avx512"
#include "kernels/unit.h"
