#include <cmath>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void rms_norm_fwd(Context&, const RmsNormFwd& a) {
  const double *gain = f64(a.gain), *mask = f64(a.mask);
  for (int64_t n = 0; n < a.N; ++n) {
    const double* x = f64(a.x) + n * a.C;
    double sum = 0;
    for (int64_t c = 0; c < a.C; ++c) sum += mask_at(mask, c) * x[c] * x[c];
    const double rstd = 1 / std::sqrt(sum / a.mask_sum + a.eps);
    f64(a.rstd)[n] = rstd;
    for (int64_t c = 0; c < a.C; ++c) f64(a.y)[n * a.C + c] = mask_at(mask, c) * gain[c] * x[c] * rstd;
  }
}

// With g = mask * gain * dy and xhat = x * rstd:
//   dx = rstd * (g - mask * xhat * sum(g * xhat) / mask_sum)      dgain = sum over rows of mask * dy * xhat
void rms_norm_bwd(Context&, const RmsNormBwd& a) {
  const double *gain = f64(a.gain), *mask = f64(a.mask), *residual = f64(a.residual_grad);
  for (int64_t n = 0; n < a.N; ++n) {
    const double *x = f64(a.x) + n * a.C, *dy = f64(a.dy) + n * a.C;
    const double rstd = f64(a.rstd)[n];
    double dot = 0;
    for (int64_t c = 0; c < a.C; ++c) dot += mask_at(mask, c) * gain[c] * dy[c] * x[c] * rstd;
    for (int64_t c = 0; c < a.C; ++c) {
      const double m = mask_at(mask, c), xhat = x[c] * rstd;
      f64(a.dgain)[c] += m * dy[c] * xhat;
      f64(a.dx)[n * a.C + c] =
          rstd * (m * gain[c] * dy[c] - m * xhat * dot / a.mask_sum) + (residual ? residual[n * a.C + c] : 0);
    }
  }
}

}  // namespace flm::oracle
