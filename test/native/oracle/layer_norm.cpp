#include <cmath>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void layer_norm_fwd(Context&, const LayerNormFwd& a) {
  const double *gain = f64(a.gain), *bias = f64(a.bias), *mask = f64(a.mask);
  for (int64_t n = 0; n < a.N; ++n) {
    const double* x = f64(a.x) + n * a.C;
    double sum = 0, square = 0;
    for (int64_t c = 0; c < a.C; ++c) sum += mask_at(mask, c) * x[c];
    const double mean = sum / a.mask_sum;
    for (int64_t c = 0; c < a.C; ++c) square += mask_at(mask, c) * (x[c] - mean) * (x[c] - mean);
    const double rstd = 1 / std::sqrt(square / a.mask_sum + a.eps);
    f64(a.mean)[n] = mean;
    f64(a.rstd)[n] = rstd;
    for (int64_t c = 0; c < a.C; ++c)
      f64(a.y)[n * a.C + c] = mask_at(mask, c) * ((x[c] - mean) * rstd * gain[c] + bias[c]);
  }
}

// With g = mask * gain * dy and xhat = (x - mean) * rstd:
//   dx = rstd * (g - mask / mask_sum * (sum(g) + xhat * sum(g * xhat)))
//   dgain = sum over rows of mask * dy * xhat                     dbias = sum over rows of mask * dy
void layer_norm_bwd(Context&, const LayerNormBwd& a) {
  const double *gain = f64(a.gain), *mask = f64(a.mask), *residual = f64(a.residual_grad);
  for (int64_t n = 0; n < a.N; ++n) {
    const double *x = f64(a.x) + n * a.C, *dy = f64(a.dy) + n * a.C;
    const double mean = f64(a.mean)[n], rstd = f64(a.rstd)[n];
    double sum = 0, dot = 0;
    for (int64_t c = 0; c < a.C; ++c) {
      const double g = mask_at(mask, c) * gain[c] * dy[c];
      sum += g;
      dot += g * (x[c] - mean) * rstd;
    }
    for (int64_t c = 0; c < a.C; ++c) {
      const double m = mask_at(mask, c), xhat = (x[c] - mean) * rstd;
      f64(a.dgain)[c] += m * dy[c] * xhat;
      f64(a.dbias)[c] += m * dy[c];
      f64(a.dx)[n * a.C + c] = rstd * (m * gain[c] * dy[c] - m / a.mask_sum * (sum + xhat * dot)) +
                               (residual ? residual[n * a.C + c] : 0);
    }
  }
}

}  // namespace flm::oracle
