#include "ops.h"
#include "views.h"

namespace flm::oracle {
namespace {

// Both directions: `turn` is +1 forward and -1 for the transpose of the rotation; the scales are symmetric.
template <class Args>
void rotate(const Args& a, double* qkv, double turn) {
  const int64_t heads = a.H + 2 * a.G, half = a.D / 2;
  const double *cos = f64(a.cos), *sin = f64(a.sin), *zeta = f64(a.zeta), *mask = f64(a.head_mask);
  for (int64_t n = 0; n < a.N; ++n) {
    for (int64_t h = 0; h < heads; ++h) {
      double* head = qkv + (n * heads + h) * a.D;
      for (int64_t d = 0; d < a.D; ++d) head[d] *= mask_at(mask, h);
      const bool is_query = h < a.H, is_value = h >= a.H + a.G;
      if (is_value || !cos) continue;
      const int64_t row = i32(a.positions)[n] * half;
      for (int64_t i = 0; i < half; ++i) {
        const double z = zeta ? zeta[row + i] : 1.0, scale = is_query ? z : 1 / z;
        const double c = cos[row + i], s = turn * sin[row + i];
        const double first = head[i], second = head[i + half];
        head[i] = scale * (first * c - second * s);
        head[i + half] = scale * (second * c + first * s);
      }
    }
  }
}

}  // namespace

void rotary_fwd(Context&, const RotaryFwd& a) { rotate(a, f64(a.qkv), 1); }

void rotary_bwd(Context&, const RotaryBwd& a) { rotate(a, f64(a.dqkv), -1); }

}  // namespace flm::oracle
