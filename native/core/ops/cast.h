#pragma once
#include "core/tensor.h"

namespace flm {

// y = x in y's type (f32, bf16, f64), rounded to nearest even.
struct Cast {
  Out y;  // (n)  =
  In x;   // (n)
  int64_t n;
};

}  // namespace flm
