#include "kernels/vec_neon.h"

#define UNIT xp_kernels_neon
#define UNIT_NAME "neon"
#include "kernels/unit.h"
