#include <cmath>

#include "ops.h"
#include "views.h"

namespace flm::oracle {
namespace {

const double kScale = std::sqrt(2 / 3.14159265358979323846);
constexpr double kCubic = 0.044715;

double gelu(double x) { return 0.5 * x * (1 + std::tanh(kScale * (x + kCubic * x * x * x))); }

double gelu_slope(double x) {
  const double t = std::tanh(kScale * (x + kCubic * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kScale * (1 + 3 * kCubic * x * x);
}

}  // namespace

void gelu_fwd(Context&, const GeluFwd& a) {
  const double* mask = f64(a.mask);
  for (int64_t i = 0; i < a.N * a.F; ++i) f64(a.y)[i] = gelu(mask_at(mask, i % a.F) * f64(a.x)[i]);
}

void gelu_bwd(Context&, const GeluBwd& a) {
  const double* mask = f64(a.mask);
  for (int64_t i = 0; i < a.N * a.F; ++i) {
    const double m = mask_at(mask, i % a.F);
    f64(a.y)[i] = gelu(m * f64(a.x)[i]);
    f64(a.dx)[i] = f64(a.dy)[i] * m * gelu_slope(m * f64(a.x)[i]);
  }
}

}  // namespace flm::oracle
