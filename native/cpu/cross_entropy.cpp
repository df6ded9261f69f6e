#include <cmath>
#include <limits>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();

// The largest of values[0..count), NaN aside.
template <class T>
inline float lane_max(const T* values, int64_t count) {
  constexpr int kLanes = 32;
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, kNothing);
  int64_t i = 0;
  const auto visit = [&](int lane) {
    const float value = load_float(values[i + lane]);
    lanes[lane] = value > lanes[lane] ? value : lanes[lane];
  };
  for (; i + kLanes <= count; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) visit(lane);
  for (int lane = 0; i + lane < count; ++lane) visit(lane);
  return *std::max_element(lanes, lanes + kLanes);
}

struct RowStats {
  float maximum = kNothing, sum = 0;
};

// Reads the row once: blocks that stay in the first cache, each moving the running sum to its maximum.
template <class T>
inline RowStats row_stats(const T* logits, int64_t V) {
  constexpr int64_t kBlock = 2048;
  RowStats stats;
  for (int64_t start = 0; start < V; start += kBlock) {
    const T* block = logits + start;
    const int64_t count = std::min(kBlock, V - start);
    const float maximum = std::max(stats.maximum, lane_max(block, count));
    const float base = maximum == kNothing ? 0.0f : maximum;  // keeps exp(-inf - base) a zero
    stats.sum = stats.sum * vec_exp(stats.maximum - base) +
                lane_sum(count, [=](int64_t v) { return vec_exp(load_float(block[v]) - base); });
    stats.maximum = maximum;
  }
  return stats;
}

template <class T>
void forward(Context& context, const CrossEntropyFwd& a) {
  parallel_for(context, a.N, rows_per_task(a.V), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T* logits = a.logits.as<T>() + n * a.ld;
      const RowStats stats = row_stats(logits, a.V);
      const int64_t target = a.targets.as<int32_t>()[n] - a.vocab_start;
      float* out = a.stats.as<float>() + n * 3;
      out[0] = stats.maximum;
      out[1] = stats.sum;
      out[2] = target >= 0 && target < a.V ? load_float(logits[target]) : 0.0f;
    }
  });
}

template <class Logit, class Gradient>
void backward(Context& context, const CrossEntropyBwd& a) {
  parallel_for(context, a.N, rows_per_task(a.V), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const auto shard_stats = [&](int64_t shard) { return a.stats.as<float>() + (shard * a.N + n) * 3; };
      float maximum = kNothing, sum = 0, target_logit = 0;
      for (int64_t s = 0; s < a.shards; ++s) maximum = std::max(maximum, shard_stats(s)[0]);
      for (int64_t s = 0; s < a.shards; ++s) {
        sum += shard_stats(s)[1] * std::exp(shard_stats(s)[0] - maximum);
        target_logit += shard_stats(s)[2];
      }
      const int32_t id = a.targets.as<int32_t>()[n];
      a.loss.as<float>()[n] = id < 0 ? 0.0f : std::log(sum) + (maximum - target_logit);
      if (!a.dlogits) continue;

      Gradient* dlogits = a.dlogits.as<Gradient>() + n * a.ld;
      if (id < 0) {
        std::fill_n(dlogits, a.V, round_to<Gradient>(0.0f));
        continue;
      }
      const Logit* logits = a.logits.as<Logit>() + n * a.ld;
      const float weight = a.weight.as<float>()[n], scale = weight / sum;
      const int64_t target = id - a.vocab_start;
      const bool held = target >= 0 && target < a.V;
      // Taken before the row is overwritten: dlogits may be the memory of logits.
      const float at_target = held ? scale * vec_exp(load_float(logits[target]) - maximum) - weight : 0.0f;
#pragma GCC ivdep
      for (int64_t v = 0; v < a.V; ++v)
        dlogits[v] = round_to<Gradient>(scale * vec_exp(load_float(logits[v]) - maximum));
      if (held) dlogits[target] = round_to<Gradient>(at_target);
    }
  });
}

}  // namespace

void cross_entropy_fwd(Context& context, const CrossEntropyFwd& a) {
  dispatch_float("cross_entropy_fwd", a.logits.dtype,
                 [&](auto type) { forward<decltype(type)>(context, a); });
}

void cross_entropy_bwd(Context& context, const CrossEntropyBwd& a) {
  const DType gradient_type = a.dlogits ? a.dlogits.dtype : a.logits.dtype;
  dispatch_float("cross_entropy_bwd", a.logits.dtype, [&](auto logit) {
    dispatch_float("cross_entropy_bwd", gradient_type,
                   [&](auto gradient) { backward<decltype(logit), decltype(gradient)>(context, a); });
  });
}

}  // namespace flm::cpu
