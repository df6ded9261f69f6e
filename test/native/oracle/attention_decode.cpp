#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void attention_decode(Context&, const AttentionDecode& a) {
  std::vector<double> scores(size_t(a.T));
  for (int64_t b = 0; b < a.B; ++b)
    for (int64_t h = 0; h < a.H; ++h) {
      const int64_t g = h / (a.H / a.G), length = i32(a.lengths)[b];
      const auto cached = [&](In cache, int64_t t) { return f64(cache) + ((b * a.T + t) * a.G + g) * a.D; };
      double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
      for (int64_t t = 0; t < length; ++t) {
        scores[t] = 0;
        for (int64_t d = 0; d < a.D; ++d)
          scores[t] += a.scale * f64(a.q)[b * a.q_stride + h * a.D + d] * cached(a.k_cache, t)[d];
        maximum = std::max(maximum, scores[t]);
      }
      for (int64_t t = 0; t < length; ++t) sum += std::exp(scores[t] - maximum);
      for (int64_t d = 0; d < a.D; ++d) {
        double o = 0;
        for (int64_t t = 0; t < length; ++t)
          o += std::exp(scores[t] - maximum) / sum * cached(a.v_cache, t)[d];
        f64(a.o)[(b * a.H + h) * a.D + d] = o;
      }
    }
}

}  // namespace flm::oracle
