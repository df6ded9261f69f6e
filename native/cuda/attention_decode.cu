// One query head of one sequence over its cache: a block of eight warps, each of which takes every eighth
// group of keys with an online softmax of its own; the parts are joined at the end, in a fixed order.
#include <cmath>

#include "cuda/attention_paths.h"
#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/device/warp.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"

namespace flm::cuda {
namespace {

constexpr int kWarps = 8, kThreads = kWarps * kWarp;
constexpr int kKeysAtOnce = 4;                          // independent loads that hide each other's latency
constexpr int kSlots = int(kMaxPlainHeadSize) / kWarp;  // elements of a lane: lane, lane + 32, ...

// What a warp has summed over its keys.
struct Part {
  float maximum, sum, o[kMaxPlainHeadSize];
};

template <class T>
__global__ void __launch_bounds__(kThreads) attention_decode_kernel(AttentionDecode a) {
  FLM_SHARED(Part, parts, [kWarps]);
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp, size = int(a.D);
  const int head = int(blockIdx.x), batch = int(blockIdx.y), kv_head = head / int(a.H / a.G);
  const int length = a.lengths.as<int32_t>()[batch];
  const T* query = a.q.as<T>() + batch * a.q_stride + head * size;
  const int64_t stride = a.G * size, first = (batch * a.T * a.G + kv_head) * size;
  const T *keys = a.k_cache.as<T>() + first, *values = a.v_cache.as<T>() + first;

  float q[kSlots], o[kSlots] = {}, maximum = -INFINITY, sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kSlots; ++i) {
    const int d = i * kWarp + lane;
    q[i] = d < size ? to_f32(query[d]) * float(a.scale) : 0.0f;
  }
  for (int key0 = warp * kKeysAtOnce; key0 < length; key0 += kWarps * kKeysAtOnce) {
    float score[kKeysAtOnce], top = maximum;
#pragma unroll
    for (int j = 0; j < kKeysAtOnce; ++j) {
      float product = 0.0f;
#pragma unroll
      for (int i = 0; i < kSlots; ++i)
        if (const int d = i * kWarp + lane; d < size && key0 + j < length)
          product += q[i] * to_f32(keys[(key0 + j) * stride + d]);
      score[j] = key0 + j < length ? warp_sum(product) : -INFINITY;
      top = fmaxf(top, score[j]);
    }
    const float shrink = expf(maximum - top);
    maximum = top, sum *= shrink;
#pragma unroll
    for (int i = 0; i < kSlots; ++i) o[i] *= shrink;
#pragma unroll
    for (int j = 0; j < kKeysAtOnce; ++j) {
      const float weight = expf(score[j] - top);
      sum += weight;
#pragma unroll
      for (int i = 0; i < kSlots; ++i)
        if (const int d = i * kWarp + lane; d < size && key0 + j < length)
          o[i] += weight * to_f32(values[(key0 + j) * stride + d]);
    }
  }

  Part& mine = parts[warp];
  if (lane == 0) mine.maximum = maximum, mine.sum = sum;
#pragma unroll
  for (int i = 0; i < kSlots; ++i) mine.o[i * kWarp + lane] = o[i];
  __syncthreads();  // all parts are there
  float top = -INFINITY;
  for (int w = 0; w < kWarps; ++w) top = fmaxf(top, parts[w].maximum);
  for (int d = int(threadIdx.x); d < size; d += kThreads) {
    float total = 0.0f, value = 0.0f;
    for (int w = 0; w < kWarps; ++w) {
      const float weight = expf(parts[w].maximum - top);  // 0 for a warp without keys
      total += weight * parts[w].sum;
      value += weight * parts[w].o[d];
    }
    a.o.as<T>()[(batch * a.H + head) * size + d] = from_f32<T>(value / total);
  }
}

}  // namespace

void attention_decode(Context& context, const AttentionDecode& a) {
  check_attention("attention_decode", a);
  check_type("attention_decode", a.q.dtype, {a.k_cache, a.v_cache, a.o});
  check_type("attention_decode", DType::i32, {a.lengths});
  if (a.B == 0) return;
  with_type("attention_decode", a.q.dtype, [&]<class T>() {
    FLM_LAUNCH(attention_decode_kernel<T>, dim3(unsigned(a.H), unsigned(a.B)), dim3(kThreads), 0,
               stream_of(context), a);
  });
}

}  // namespace flm::cuda
