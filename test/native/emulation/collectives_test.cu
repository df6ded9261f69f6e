// Right kernels, one for each collective and tensor-core instruction that the emulation gives a meaning to.
#include "cuda/device/async_copy.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/device/tensor_core.cuh"
#include "cuda/device/warp.cuh"
#include "cuda/device_buffer.h"

namespace flm::cuda {
namespace {

using test::DeviceBuffer;

__global__ void barrier_some_skip_legally(int* out) {
  if (threadIdx.x >= 40) return;
  __syncthreads();
  out[threadIdx.x] = 1;
}
__global__ void half_warps_go_apart(int* out) {  // legal: two groups with masks of their own
  int v = int(threadIdx.x);
  if (threadIdx.x < 16)
    for (int s = 8; s; s /= 2) v += __shfl_xor_sync(0x0000ffffu, v, s);
  else
    for (int s = 8; s; s /= 2) v += __shfl_xor_sync(0xffff0000u, v, s);
  out[threadIdx.x] = v;
}
__global__ void all_kinds(int* out) {
  const int lane = int(threadIdx.x);
  int bad = 0;
  bad += __shfl_up_sync(kFullMask, lane, 3) != (lane < 3 ? lane : lane - 3);
  bad += __shfl_down_sync(kFullMask, lane, 5) != (lane + 5 > 31 ? lane : lane + 5);
  bad += __shfl_down_sync(kFullMask, lane, 5, 8) != ((lane & 7) + 5 > 7 ? lane : lane + 5);
  bad += __shfl_sync(kFullMask, lane, 2, 8) != (lane & ~7) + 2;
  bad += __shfl_xor_sync(kFullMask, lane, 7) != (lane ^ 7);
  bad += __ballot_sync(kFullMask, lane % 3 == 0) != 0x49249249u;
  bad += __any_sync(kFullMask, lane == 9) != 1 || __all_sync(kFullMask, lane < 31) != 0;
  bad += warp_sum(float(lane)) != 496.0f || warp_max(float(-lane)) != 0.0f;
  out[lane] = bad;
}
__global__ void mma_layout(float* out, const __nv_bfloat16* a,
                           const __nv_bfloat16* b) {  // a (16,16), b (8,16): out = a b^T
  FLM_SHARED(__nv_bfloat16, a_tile, [16][16]);
  FLM_SHARED(__nv_bfloat16, b_tile, [16][16]);
  for (int i = threadIdx.x; i < 256; i += 32)
    a_tile[i / 16][i % 16] = a[i], b_tile[i / 16][i % 16] = i < 128 ? b[i] : __nv_bfloat16(0.0f);
  __syncwarp();
  const int lane = int(threadIdx.x), g = lane / 4, t = lane % 4 * 2;
  uint32_t x[4], y[4];
  ldmatrix_x4<false>(x, &a_tile[lane % 16][lane / 16 * 8]);
  ldmatrix_x4<false>(y, &b_tile[lane % 8 + lane / 16 * 8][lane / 8 % 2 * 8]);
  float c[4] = {};
  mma_m16n8k16(c, x, y[0], y[1]);
  out[g * 8 + t] = c[0], out[g * 8 + t + 1] = c[1], out[(g + 8) * 8 + t] = c[2],
              out[(g + 8) * 8 + t + 1] = c[3];
}

template <class T>
bool is(const DeviceBuffer<T>& buffer, auto want) {
  const auto host = buffer.host();
  for (size_t i = 0; i < host.size(); ++i)
    if (!(host[i] == T(want(int(i))))) return false;
  return true;
}

}  // namespace

FLM_TEST(emulation_collectives) {
  DeviceBuffer<int> ints(32), ints64(64);
  FLM_LAUNCH(all_kinds, 1, 32, 0, nullptr, ints.data());
  CHECK(is(ints, [](int) { return 0; }));
  FLM_LAUNCH(half_warps_go_apart, 1, 32, 0, nullptr, ints.data());
  CHECK(is(ints, [](int i) { return i < 16 ? 120 : 376; }));
  FLM_LAUNCH(barrier_some_skip_legally, 1, 64, 0, nullptr, ints64.data());
  CHECK_EQ(ints64.host()[0], 1);
}

FLM_TEST(emulation_mma_and_ldmatrix_agree_on_fragments) {
  test::Numbers random(3);
  const auto a = random.normals<__nv_bfloat16>(256), b = random.normals<__nv_bfloat16>(128);
  std::vector<double> want(128);
  for (size_t i = 0; i < 16; ++i)
    for (size_t j = 0; j < 8; ++j)
      for (size_t k = 0; k < 16; ++k)
        want[i * 8 + j] += double(float(a[i * 16 + k])) * double(float(b[j * 16 + k]));
  const DeviceBuffer<__nv_bfloat16> d_a(a), d_b(b);
  DeviceBuffer<float> out(128);
  FLM_LAUNCH(mma_layout, 1, 32, 0, nullptr, out.data(), d_a.data(), d_b.data());
  test::check_close(out.host(), want, 1e-5, 1e-6, "a b^T");
}

}  // namespace flm::cuda
