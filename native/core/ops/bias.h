#pragma once
#include "core/tensor.h"

namespace flm {

// The gradient of a bias that was added to every row. (Adding it is part of matmul.)
struct BiasBwd {
  Out dbias;  // (C)     += stat
  In dy;      // (N, C)     compute
  int64_t N, C;
  int64_t ldy;  // elements from one row of dy to the next
};

}  // namespace flm
