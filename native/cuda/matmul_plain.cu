#include "cuda/matmul_plain.h"

#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.cuh"
#include "cuda/launch_shape.h"

namespace flm::cuda {
namespace {

constexpr int kTile = 16;

// A thread makes one element of c. Elements outside a and b read as zeros.
template <class T, class C>
__global__ void __launch_bounds__(kTile* kTile) matmul_plain_kernel(Matmul a) {
  FLM_SHARED(float, a_tile, [kTile][kTile + 1]);  // padded: columns lie in different banks
  FLM_SHARED(float, b_tile, [kTile][kTile + 1]);
  const int x = int(threadIdx.x), y = int(threadIdx.y);
  const int64_t m = int64_t(blockIdx.x) * kTile + y, n = int64_t(blockIdx.y) * kTile + x;
  float sum = 0.0f;
  for (int64_t k = 0; k < a.K; k += kTile) {
    const int64_t ka = k + x, kb = k + y;
    a_tile[y][x] =
        m < a.M && ka < a.K ? to_f32(a.a.as<T>()[a.transpose_a ? ka * a.lda + m : m * a.lda + ka]) : 0.0f;
    b_tile[y][x] =
        n < a.N && kb < a.K ? to_f32(a.b.as<T>()[a.transpose_b ? n * a.ldb + kb : kb * a.ldb + n]) : 0.0f;
    __syncthreads();  // both tiles are there
#pragma unroll
    for (int i = 0; i < kTile; ++i) sum += a_tile[y][i] * b_tile[i][x];
    __syncthreads();  // nobody reads the tiles any more
  }
  if (m >= a.M || n >= a.N) return;
  C* c = a.c.as<C>() + m * a.ldc + n;
  sum *= float(a.alpha);
  if (a.accumulate) sum += to_f32(*c);
  if (a.bias) sum += a.bias.as<float>()[n];
  if (a.residual) sum += to_f32(a.residual.as<C>()[m * a.ldc + n]);
  *c = from_f32<C>(sum);
}

}  // namespace

void matmul_plain(const Matmul& a, cudaStream_t stream) {
  const dim3 grid(unsigned(ceil_div(a.M, kTile)), unsigned(ceil_div(a.N, kTile)));
  with_type("matmul", a.a.dtype, [&]<class T>() {
    with_type("matmul", a.c.dtype, [&]<class C>() {
      FLM_LAUNCH((matmul_plain_kernel<T, C>), grid, dim3(kTile, kTile), 0, stream, a);
    });
  });
}

}  // namespace flm::cuda
