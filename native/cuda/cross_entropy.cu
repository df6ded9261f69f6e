#include "cuda/block_sum.cuh"
#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

// The largest value over all threads of a block of whole warps.
__device__ __forceinline__ float block_max(float v, float (&scratch)[kWarp]) {
  v = warp_max(v);
  if (blockDim.x == kWarp) return v;
  if (threadIdx.x % kWarp == 0) scratch[threadIdx.x / kWarp] = v;
  __syncthreads();  // every warp's part is there
  for (unsigned w = 0; w < blockDim.x / kWarp; ++w) v = fmaxf(v, scratch[w]);
  return v;
}

// One block a row, one pass: a thread keeps its maximum so far and its sum relative to it.
template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) cross_entropy_fwd_kernel(CrossEntropyFwd a) {
  FLM_SHARED(float, maxima, [kWarp]);
  FLM_SHARED(float, scratch, [1][kWarp]);
  const int64_t n = blockIdx.x;
  const T* logits = a.logits.as<T>() + n * a.ld;
  float maximum = -INFINITY, sum[1] = {}, v[kWidth];
  for (int64_t c = int64_t(threadIdx.x) * kWidth; c < a.V; c += int64_t(blockDim.x) * kWidth) {
    load(v, logits + c);
    float top = maximum;
#pragma unroll
    for (int i = 0; i < kWidth; ++i) top = fmaxf(top, v[i]);
    sum[0] *= expf(maximum - top);
    maximum = top;
#pragma unroll
    for (int i = 0; i < kWidth; ++i) sum[0] += expf(v[i] - top);
  }
  const float top = block_max(maximum, maxima);
  if (maximum != top) sum[0] *= expf(maximum - top);  // equal where all are -infinity: a shard without rows
  block_sum(sum, scratch);
  if (threadIdx.x != 0) return;
  const int64_t target = a.targets.as<int32_t>()[n] - a.vocab_start;
  float* stats = a.stats.as<float>() + n * 3;
  stats[0] = top;
  stats[1] = sum[0];
  stats[2] = target >= 0 && target < a.V ? to_f32(logits[target]) : 0.0f;
}

// Of the whole vocabulary. The maximum and the sum stay apart: adding a logarithm to a large logit would lose
// its digits.
struct RowStats {
  float maximum, sum, target_logit;
};

__device__ __forceinline__ RowStats row_stats(const CrossEntropyBwd& a, int64_t n) {
  const float* stats = a.stats.as<float>() + n * 3;
  const int64_t stride = a.N * 3;
  RowStats row{stats[0], 0.0f, 0.0f};
  for (int64_t s = 1; s < a.shards; ++s) row.maximum = fmaxf(row.maximum, stats[s * stride]);
  for (int64_t s = 0; s < a.shards; ++s) {
    row.sum += stats[s * stride + 1] * expf(stats[s * stride] - row.maximum);
    row.target_logit += stats[s * stride + 2];
  }
  return row;
}

__global__ void __launch_bounds__(kMaxThreads) cross_entropy_loss_kernel(CrossEntropyBwd a) {
  const int64_t n = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (n >= a.N) return;
  const RowStats row = row_stats(a, n);
  const float loss = logf(row.sum) + (row.maximum - row.target_logit);
  a.loss.as<float>()[n] = a.targets.as<int32_t>()[n] < 0 ? 0.0f : loss;
}

// Each thread reads its elements before it writes them, so that dlogits may be the memory of logits.
template <class T, class D, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) cross_entropy_bwd_kernel(CrossEntropyBwd a) {
  const int64_t n = blockIdx.x;
  const int32_t global_target = a.targets.as<int32_t>()[n];
  const int64_t target = global_target - a.vocab_start;
  const bool ignored = global_target < 0;
  const RowStats row = row_stats(a, n);
  const float weight = ignored ? 0.0f : a.weight.as<float>()[n], inverse_sum = 1.0f / row.sum;
  float v[kWidth];
  for (int64_t c = int64_t(threadIdx.x) * kWidth; c < a.V; c += int64_t(blockDim.x) * kWidth) {
    load(v, a.logits.as<T>() + n * a.ld + c);
#pragma unroll
    for (int i = 0; i < kWidth; ++i)
      v[i] = ignored ? 0.0f
                     : weight * (expf(v[i] - row.maximum) * inverse_sum - (c + i == target ? 1.0f : 0.0f));
    store(a.dlogits.as<D>() + n * a.ld + c, v);
  }
}

}  // namespace

void cross_entropy_fwd(Context& context, const CrossEntropyFwd& a) {
  if (a.N == 0) return;
  check_stat("cross_entropy_fwd", {a.stats});
  with_type_and_width("cross_entropy_fwd", a.logits.dtype, {a.V, a.ld}, {a.logits},
                      [&]<class T, int kWidth>() {
                        FLM_LAUNCH((cross_entropy_fwd_kernel<T, kWidth>), dim3(unsigned(a.N)),
                                   row_block(a.V / kWidth), 0, stream_of(context), a);
                      });
}

void cross_entropy_bwd(Context& context, const CrossEntropyBwd& a) {
  if (a.N == 0) return;
  check_stat("cross_entropy_bwd", {a.loss, a.stats, a.weight});
  const cudaStream_t stream = stream_of(context);
  FLM_LAUNCH(cross_entropy_loss_kernel, dim3(unsigned(ceil_div(a.N, kMaxThreads))), dim3(kMaxThreads), 0,
             stream, a);
  if (!a.dlogits) return;
  FLM_CHECK(a.dlogits.data != a.logits.data || a.dlogits.dtype == a.logits.dtype, ErrorCode::invalid_argument,
            "cross_entropy_bwd: dlogits (", name_of(a.dlogits.dtype), ") can take the memory of logits (",
            name_of(a.logits.dtype), ") only with the same type");
  // The width comes from the gradient's type, whose elements are never the larger ones.
  with_type_and_width("cross_entropy_bwd", a.dlogits.dtype, {a.V, a.ld}, {a.logits, a.dlogits},
                      [&]<class D, int kWidth>() {
                        with_type("cross_entropy_bwd", a.logits.dtype, [&]<class T>() {
                          FLM_LAUNCH((cross_entropy_bwd_kernel<T, D, kWidth>), dim3(unsigned(a.N)),
                                     row_block(a.V / kWidth), 0, stream, a);
                        });
                      });
}

}  // namespace flm::cuda
