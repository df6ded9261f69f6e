#include <algorithm>
#include <cmath>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void norm_squared(Context&, const NormSquared& a) {
  double total = 0;
  for (int64_t t = 0; t < a.count; ++t)
    for (int64_t i = 0; i < a.sizes[t]; ++i) total += f64(a.tensors[t])[i] * f64(a.tensors[t])[i];
  f64(a.total)[0] = total;
}

void clip(Context&, const Clip& a) {
  const double norm = std::sqrt(f64(a.norm_squared)[0]);
  const bool apply = std::isfinite(norm);
  const double factor = a.max_norm > 0 ? std::min(1.0, a.max_norm / (norm + 1e-6)) : 1.0;
  f64(a.control)[0] = apply ? factor : 0;
  f64(a.control)[1] = apply ? 1 : 0;
}

}  // namespace flm::oracle
