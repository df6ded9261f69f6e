#include <algorithm>
#include <cmath>
#include <limits>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void cross_entropy_fwd(Context&, const CrossEntropyFwd& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    const double* logits = f64(a.logits) + n * a.ld;
    double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t v = 0; v < a.V; ++v) maximum = std::max(maximum, logits[v]);
    for (int64_t v = 0; v < a.V; ++v) sum += std::exp(logits[v] - maximum);
    const int64_t target = i32(a.targets)[n] - a.vocab_start;
    double* stats = f64(a.stats) + n * 3;
    stats[0] = maximum;
    stats[1] = sum;
    stats[2] = target >= 0 && target < a.V ? logits[target] : 0;
  }
}

void cross_entropy_bwd(Context&, const CrossEntropyBwd& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    double maximum = -std::numeric_limits<double>::infinity(), sum = 0, target_logit = 0;
    const auto stats = [&](int64_t shard) { return f64(a.stats) + (shard * a.N + n) * 3; };
    for (int64_t s = 0; s < a.shards; ++s) maximum = std::max(maximum, stats(s)[0]);
    for (int64_t s = 0; s < a.shards; ++s) {
      sum += stats(s)[1] * std::exp(stats(s)[0] - maximum);
      target_logit += stats(s)[2];
    }
    const double log_sum = maximum + std::log(sum);
    const bool ignored = i32(a.targets)[n] < 0;
    f64(a.loss)[n] = ignored ? 0 : log_sum - target_logit;
    if (!a.dlogits) continue;
    const int64_t target = i32(a.targets)[n] - a.vocab_start;
    const double weight = ignored ? 0 : f64(a.weight)[n];
    for (int64_t v = 0; v < a.V; ++v) {
      const double probability = std::exp(f64(a.logits)[n * a.ld + v] - log_sum);
      f64(a.dlogits)[n * a.ld + v] = weight * (probability - (v == target ? 1 : 0));
    }
  }
}

}  // namespace flm::oracle
