#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

// One block a token; an item is kWidth pairs of one head. `turn` is 1 forward and -1 for the transpose of the
// rotation; the scales by mask and zeta are their own transposes.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) rotary_kernel(RotaryFwd a, float turn) {
  const int half = int(a.D / 2), items = half / kWidth, heads = int(a.H + 2 * a.G);
  const bool turns = bool(a.cos);
  const int64_t n = blockIdx.x, table_row = turns ? a.positions.as<int32_t>()[n] * int64_t(half) : 0;
  const float* mask = a.head_mask.as<float>();
  T* token = a.qkv.as<T>() + n * heads * a.D;
  const int touched = mask ? heads : turns ? int(a.H + a.G) : 0;  // values stay unless masked
  float first[kWidth], second[kWidth], cos[kWidth], sin[kWidth], zeta[kWidth];
  for (int item = int(threadIdx.x); item < touched * items; item += int(blockDim.x)) {
    const int head = item / items, pair = item % items * kWidth;
    const float weight = mask ? mask[head] : 1.0f;
    T* to = token + head * a.D + pair;
    load(first, to);
    load(second, to + half);
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      first[i] *= weight;
      second[i] *= weight;
    }
    if (turns && head < a.H + a.G) {
      load(cos, a.cos.as<float>() + table_row + pair);
      load(sin, a.sin.as<float>() + table_row + pair);
      load_or(zeta, a.zeta.as<float>(), table_row + pair, 1.0f);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        const float scale = head < a.H ? zeta[i] : 1.0f / zeta[i];
        const float x = first[i], y = second[i], s = turn * sin[i];
        first[i] = scale * (x * cos[i] - y * s);
        second[i] = scale * (y * cos[i] + x * s);
      }
    }
    store(to, first);
    store(to + half, second);
  }
}

void rotate(const char* op, Context& context, const RotaryFwd& a, float turn) {
  if (a.N == 0) return;
  check_stat(op, {a.cos, a.sin, a.zeta, a.head_mask});
  with_type_and_width(op, a.qkv.dtype, {a.D / 2}, {a.qkv, a.cos, a.sin, a.zeta}, [&]<class T, int kWidth>() {
    const int64_t items = (a.H + 2 * a.G) * (a.D / 2 / kWidth);
    FLM_LAUNCH((rotary_kernel<T, kWidth>), dim3(unsigned(a.N)), row_block(items), 0, stream_of(context), a,
               turn);
  });
}

}  // namespace

void rotary_fwd(Context& context, const RotaryFwd& a) { rotate("rotary_fwd", context, a, 1.0f); }

void rotary_bwd(Context& context, const RotaryBwd& a) {
  const RotaryFwd same{.qkv = a.dqkv,
                       .cos = a.cos,
                       .sin = a.sin,
                       .zeta = a.zeta,
                       .positions = a.positions,
                       .head_mask = a.head_mask,
                       .N = a.N,
                       .H = a.H,
                       .G = a.G,
                       .D = a.D};
  rotate("rotary_bwd", context, same, -1.0f);
}

}  // namespace flm::cuda
