#include "kernels/vec_scalar.h"

#define UNIT xp_kernels_scalar
#define UNIT_NAME "scalar"
#include "kernels/unit.h"
