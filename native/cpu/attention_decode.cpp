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

// A sequence's cache is cut into runs of so many tokens, whatever the number of threads: its bits stay the
// same.
constexpr int64_t kRun = 64;

// Of one query head over a run: the largest score, the sum of exp(score - largest), and the values' sum with
// those weights.
struct Partial {
  float maximum, sum;
  float* o;  // D
};

// Where everything lies in the workspace, in floats.
struct Layout {
  explicit Layout(const AttentionDecode& args)
      : runs(ceil_div(args.T, kRun)),
        partial(args.D + 2),
        partials(args.B * runs * args.H * partial),
        scratch((args.H * (args.D + kRun) + 15) / 16 * 16) {}

  int64_t runs, partial, partials, scratch;
};

Partial partial_at(const Layout& layout, const AttentionDecode& args, float* workspace, int64_t sequence,
                   int64_t run, int64_t head) {
  float* at = workspace + ((sequence * layout.runs + run) * args.H + head) * layout.partial;
  return {at[0], at[1], at + 2};
}

// All heads together, a token after another, so that the cache is read as it lies in memory: it was last read
// a whole model ago. `scratch` holds H x D queries, then H x kRun scores.
template <class T>
void attend_run(const AttentionDecode& args, int64_t sequence, int64_t begin, int64_t end, float* scratch,
                float* partials) {
  const int64_t D = args.D, H = args.H, group = H / args.G, row = args.G * D, count = end - begin;
  const T* k = args.k_cache.as<T>() + (sequence * args.T + begin) * row;
  const T* v = args.v_cache.as<T>() + (sequence * args.T + begin) * row;
  float* __restrict q = scratch;
  float* __restrict scores = scratch + H * D;

  const T* from = args.q.as<T>() + sequence * args.q_stride;
  for (int64_t i = 0; i < H * D; ++i) q[i] = float(args.scale) * load_float(from[i]);
  for (int64_t t = 0; t < count; ++t)
    for (int64_t head = 0; head < H; ++head)
      scores[head * kRun + t] = dot(q + head * D, k + t * row + head / group * D, D);
  for (int64_t head = 0; head < H; ++head) {
    float* __restrict s = scores + head * kRun;
    float* __restrict partial = partials + head * (D + 2);
    float maximum = s[0], sum = 0;
    for (int64_t t = 1; t < count; ++t) maximum = std::max(maximum, s[t]);
    for (int64_t t = 0; t < count; ++t) s[t] = vec_exp(s[t] - maximum);
    for (int64_t t = 0; t < count; ++t) sum += s[t];
    partial[0] = maximum;
    partial[1] = sum;
    for (int64_t d = 0; d < D; ++d) partial[2 + d] = 0;
  }
  for (int64_t t = 0; t < count; ++t)
    for (int64_t head = 0; head < H; ++head) {
      const float weight = scores[head * kRun + t];
      const T* __restrict value = v + t * row + head / group * D;
      float* __restrict o = partials + head * (D + 2) + 2;
      for (int64_t d = 0; d < D; ++d) o[d] += weight * load_float(value[d]);
    }
}

// The softmax over all runs from those of each, into the first run's.
void join_runs(const AttentionDecode& args, const Layout& layout, int64_t sequence, int64_t head,
               int64_t runs, float* workspace) {
  const Partial first = partial_at(layout, args, workspace, sequence, 0, head);
  float maximum = first.maximum, sum = 0;
  for (int64_t run = 1; run < runs; ++run)
    maximum = std::max(maximum, partial_at(layout, args, workspace, sequence, run, head).maximum);
  for (int64_t run = 0; run < runs; ++run) {
    const Partial part = partial_at(layout, args, workspace, sequence, run, head);
    const float weight = vec_exp(part.maximum - maximum);
    sum += weight * part.sum;
    for (int64_t d = 0; d < args.D; ++d) first.o[d] = (run ? first.o[d] : 0) + weight * part.o[d];
  }
  for (int64_t d = 0; d < args.D; ++d) first.o[d] /= sum;
}

}  // namespace

void attention_decode(Context& context, const AttentionDecode& args) {
  for (const DType dtype : {args.k_cache.dtype, args.v_cache.dtype, args.o.dtype}) {
    expect("attention_decode", dtype, args.q.dtype);
  }
  const Isa isa = state_of(context).isa;
  const Layout layout(args);
  const int32_t* lengths = args.lengths.as<int32_t>();
  float* partials = static_cast<float*>(context.workspace);
  dispatch_float("attention_decode", args.q.dtype, [&]<class T>(T) {
    parallel_tasks(context, args.B * layout.runs, [&](int64_t task, int thread) {
      const int64_t sequence = task / layout.runs, run = task % layout.runs;
      const int64_t first = run * kRun, last = std::min<int64_t>(first + kRun, lengths[sequence]);
      if (first >= last) return;
      float* scratch = partials + layout.partials + thread * layout.scratch;
      float* out = partials + task * args.H * layout.partial;
      run_for_isa(
          isa, [&](int64_t begin, int64_t end) { attend_run<T>(args, sequence, begin, end, scratch, out); },
          first, last);
    });
    parallel_for(context, args.B * args.H, 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t sequence = i / args.H, head = i % args.H;
        join_runs(args, layout, sequence, head, ceil_div(lengths[sequence], kRun), partials);
        const float* o = partial_at(layout, args, partials, sequence, 0, head).o;
        T* to = args.o.as<T>() + i * args.D;
        for (int64_t d = 0; d < args.D; ++d) to[d] = round_to<T>(o[d]);
      }
    });
  });
}

size_t workspace_bytes(const Context& context, const AttentionDecode& args) {
  const Layout layout(args);
  return size_t(layout.partials + layout.scratch * num_threads(context)) * sizeof(float);
}

}  // namespace flm::cpu
