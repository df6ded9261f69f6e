#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/flat.cuh"

namespace flm::cuda {
namespace {

template <class T, int kWidth>
__device__ __forceinline__ void mix(const Axpby& a, float alpha, float beta, int64_t at) {
  float x[kWidth], z[kWidth];
  load(x, a.x.as<T>() + at);
  load_or(z, a.z.as<T>(), at, 0.0f);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) x[i] = alpha * x[i] + beta * z[i];
  store(a.y.as<T>() + at, x);
}

template <class T, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) axpby_kernel(Axpby a) {
  const float alpha = float(a.alpha), beta = float(a.beta);
  for_each_flat<kWidth>(
      a.n, [&](int64_t at) { mix<T, kWidth>(a, alpha, beta, at); },
      [&](int64_t at) { mix<T, 1>(a, alpha, beta, at); });
}

}  // namespace

void axpby(Context& context, const Axpby& a) {
  if (a.n == 0) return;
  check_type("axpby", a.y.dtype, {a.x, a.z});
  with_type_and_width("axpby", a.y.dtype, {}, {a.y, a.x, a.z}, [&]<class T, int kWidth>() {
    FLM_LAUNCH((axpby_kernel<T, kWidth>), flat_grid(ceil_div(a.n, kWidth)), dim3(kMaxThreads), 0,
               stream_of(context), a);
  });
}

}  // namespace flm::cuda
