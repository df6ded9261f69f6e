#include <cmath>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void swiglu_fwd(Context&, const SwigluFwd& a) {
  const double* mask = f64(a.mask);
  for (int64_t n = 0; n < a.N; ++n) {
    const double *gate = f64(a.gate_up) + n * 2 * a.F, *up = gate + a.F;
    for (int64_t f = 0; f < a.F; ++f)
      f64(a.y)[n * a.F + f] = mask_at(mask, f) * gate[f] / (1 + std::exp(-gate[f])) * up[f];
  }
}

void swiglu_bwd(Context&, const SwigluBwd& a) {
  const double* mask = f64(a.mask);
  for (int64_t n = 0; n < a.N; ++n) {
    for (int64_t f = 0; f < a.F; ++f) {
      // Read before the writes: dgate_up may be the memory of gate_up.
      const double gate = f64(a.gate_up)[n * 2 * a.F + f], up = f64(a.gate_up)[(n * 2 + 1) * a.F + f];
      const double sigmoid = 1 / (1 + std::exp(-gate));
      const double dy = mask_at(mask, f) * f64(a.dy)[n * a.F + f];
      f64(a.y)[n * a.F + f] = mask_at(mask, f) * gate / (1 + std::exp(-gate)) * up;
      f64(a.dgate_up)[n * 2 * a.F + f] = dy * up * sigmoid * (1 + gate * (1 - sigmoid));
      f64(a.dgate_up)[(n * 2 + 1) * a.F + f] = dy * gate * sigmoid;
    }
  }
}

}  // namespace flm::oracle
