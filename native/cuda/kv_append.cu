#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) kv_append_kernel(KvAppend a) {
  const int64_t size = a.G * a.D, c = (int64_t(blockIdx.x) * blockDim.x + threadIdx.x) * kWidth;
  if (c >= size) return;
  float k[kWidth], v[kWidth];
  for (int64_t n = int64_t(blockIdx.y) * blockDim.y + threadIdx.y; n < a.N;
       n += int64_t(gridDim.y) * blockDim.y) {
    const int64_t to = a.slots.as<int32_t>()[n] * size + c;
    load(k, a.k.as<T>() + n * a.kv_stride + c);
    load(v, a.v.as<T>() + n * a.kv_stride + c);
    store(a.k_cache.as<T>() + to, k);
    store(a.v_cache.as<T>() + to, v);
  }
}

}  // namespace

void kv_append(Context& context, const KvAppend& a) {
  if (a.N == 0) return;
  check_type("kv_append", a.k_cache.dtype, {a.v_cache, a.k, a.v});
  with_type_and_width("kv_append", a.k_cache.dtype, {a.G * a.D, a.kv_stride},
                      {a.k_cache, a.v_cache, a.k, a.v}, [&]<class T, int kWidth>() {
                        const RowGrid shape = row_grid(a.N, a.G * a.D / kWidth);
                        FLM_LAUNCH((kv_append_kernel<T, kWidth>), shape.grid, shape.block, 0,
                                   stream_of(context), a);
                      });
}

}  // namespace flm::cuda
