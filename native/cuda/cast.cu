#include "cuda/cuda_ops.h"
#include "cuda/device/launch.cuh"
#include "cuda/dispatch.h"
#include "cuda/flat.cuh"

namespace flm::cuda {
namespace {

template <class To, class From, int kWidth>
__device__ __forceinline__ void convert(const Cast& a, int64_t at) {
  float v[kWidth];
  load(v, a.x.as<From>() + at);
  store(a.y.as<To>() + at, v);
}

template <class To, class From, int kWidth>
__global__ void __launch_bounds__(kMaxThreads) cast_kernel(Cast a) {
  for_each_flat<kWidth>(
      a.n, [&](int64_t at) { convert<To, From, kWidth>(a, at); },
      [&](int64_t at) { convert<To, From, 1>(a, at); });
}

}  // namespace

void cast(Context& context, const Cast& a) {
  if (a.n == 0) return;
  with_type_and_width("cast", a.y.dtype, {}, {a.y, a.x}, [&]<class To, int kWidth>() {
    with_type("cast", a.x.dtype, [&]<class From>() {
      FLM_LAUNCH((cast_kernel<To, From, kWidth>), flat_grid(ceil_div(a.n, kWidth)), dim3(kMaxThreads), 0,
                 stream_of(context), a);
    });
  });
}

}  // namespace flm::cuda
