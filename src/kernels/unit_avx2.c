#include "kernels/vec_avx2.h"

#define UNIT xp_kernels_avx2
#define UNIT_NAME "avx2"
#include "kernels/unit.h"
