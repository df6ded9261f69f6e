#include <algorithm>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

constexpr int64_t kLanes = 16;  // independent sums, for the vectoriser

template <class T>
float dot(const float* __restrict q, const T* __restrict k, int64_t D) {
  float lanes[kLanes] = {}, sum = 0;
  int64_t d = 0;
  for (; d + kLanes <= D; d += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += q[d + lane] * load_float(k[d + lane]);
  }
  for (; d < D; ++d) sum += q[d] * load_float(k[d]);
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  return sum;
}

// Rows that are asked for before they are needed: the cache was last read a whole model ago, and a head's
// rows lie too far apart for the hardware to follow.
constexpr int64_t kRowsAhead = 16;

template <class T>
void prefetch(const T* row, int64_t D) {
  for (int64_t d = 0; d < D; d += 64 / int64_t(sizeof(T))) __builtin_prefetch(row + d);
}

// One query head of one sequence: scores of all cached tokens, their softmax, the mean of the values.
// `scratch` holds T scores, then q, then o.
template <class T>
void decode_head(const AttentionDecode& args, int64_t sequence, int64_t head, float* scratch) {
  const int64_t D = args.D, length = args.lengths.as<int32_t>()[sequence], stride = args.G * D;
  const int64_t offset = (sequence * args.T * args.G + head / (args.H / args.G)) * D;
  const T* k = args.k_cache.as<T>() + offset;
  const T* v = args.v_cache.as<T>() + offset;
  float* __restrict scores = scratch;
  float* __restrict q = scratch + args.T;
  float* __restrict o = q + D;

  const T* from = args.q.as<T>() + sequence * args.q_stride + head * D;
  for (int64_t d = 0; d < D; ++d) q[d] = float(args.scale) * load_float(from[d]);
  for (int64_t t = 0; t < length; ++t) {
    prefetch(k + (t + kRowsAhead) * stride, D);
    scores[t] = dot(q, k + t * stride, D);
  }
  float maximum = scores[0], sum = 0;
  for (int64_t t = 1; t < length; ++t) maximum = std::max(maximum, scores[t]);
  for (int64_t t = 0; t < length; ++t) scores[t] = vec_exp(scores[t] - maximum);
  for (int64_t t = 0; t < length; ++t) sum += scores[t];
  for (int64_t d = 0; d < D; ++d) o[d] = 0;
  for (int64_t t = 0; t < length; ++t) {
    const float weight = scores[t];
    const T* __restrict row = v + t * stride;
    prefetch(row + kRowsAhead * stride, D);
    for (int64_t d = 0; d < D; ++d) o[d] += weight * load_float(row[d]);
  }
  T* to = args.o.as<T>() + (sequence * args.H + head) * D;
  for (int64_t d = 0; d < D; ++d) to[d] = round_to<T>(o[d] / sum);
}

int64_t scratch_floats(const AttentionDecode& args) { return (args.T + 2 * args.D + 15) / 16 * 16; }

}  // namespace

void attention_decode(Context& context, const AttentionDecode& args) {
  for (const DType dtype : {args.k_cache.dtype, args.v_cache.dtype, args.o.dtype}) {
    expect("attention_decode", dtype, args.q.dtype);
  }
  const Isa isa = state_of(context).isa;
  dispatch_float("attention_decode", args.q.dtype, [&]<class T>(T) {
    // One task a sequence and key/value head, so that a group's query heads find the cache's rows nearby.
    const int64_t group = args.H / args.G;
    parallel_tasks(context, args.B * args.G, [&](int64_t task, int thread) {
      float* scratch = static_cast<float*>(context.workspace) + thread * scratch_floats(args);
      const int64_t sequence = task / args.G, first = task % args.G * group;
      run_for_isa(
          isa,
          [&](int64_t begin, int64_t end) {
            for (int64_t head = begin; head < end; ++head) decode_head<T>(args, sequence, head, scratch);
          },
          first, first + group);
    });
  });
}

size_t workspace_bytes(const Context& context, const AttentionDecode& args) {
  return size_t(scratch_floats(args) * num_threads(context)) * sizeof(float);
}

}  // namespace flm::cpu
