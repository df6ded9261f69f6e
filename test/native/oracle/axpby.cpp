#include "ops.h"
#include "views.h"

namespace flm::oracle {

void axpby(Context&, const Axpby& a) {
  for (int64_t i = 0; i < a.n; ++i) f64(a.y)[i] = a.alpha * f64(a.x)[i] + (a.z ? a.beta * f64(a.z)[i] : 0);
}

}  // namespace flm::oracle
