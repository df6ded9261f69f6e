// Broken kernels, each of which must be found, and what the emulation says about them.
#include <cstdlib>

#include "cuda/device/async_copy.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/shared.cuh"
#include "cuda/device/tensor_core.cuh"
#include "cuda/device/warp.cuh"
#include "cuda/device_buffer.h"

namespace flm::cuda {
namespace {

using test::DeviceBuffer;

__global__ void divergent_barrier(int* out) {
  if (threadIdx.x < 40)
    __syncthreads();
  else
    __syncthreads();
  out[threadIdx.x] = 1;
}
__global__ void barrier_and_shuffle(int* out) {
  if (threadIdx.x < 16) __syncthreads();
  out[threadIdx.x] = __shfl_xor_sync(kFullMask, 1, 1);
}
__global__ void mask_without_me(int* out) { out[threadIdx.x] = __shfl_sync(0xffff, 1, 0); }
__global__ void masks_disagree(int* out) {
  out[threadIdx.x] = __any_sync(threadIdx.x & 1 ? kFullMask : 0x55555555u | 1u, 1);
}
__global__ void mma_in_half_a_warp(float* out) {
  if (threadIdx.x >= 16) return;
  float c[4] = {};
  const uint32_t a[4] = {};
  mma_m16n8k16(c, a, 0, 0);
  out[threadIdx.x] = c[0];
}
[[maybe_unused]] __global__ void shared_overrun(float* out, int at) {
  FLM_SHARED(float, tile, [32]);
  tile[threadIdx.x] = 1;
  if (threadIdx.x == 0) tile[at] = 2;
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}
__global__ void dynamic_overrun(float* out, int at) {
  DynamicShared shared;
  float* a = shared.take<float>(32);
  float* b = shared.take<float>(32);
  a[threadIdx.x] = b[threadIdx.x] = 0;
  if (threadIdx.x == 3) a[at] = 1;  // on a device this lands in b
  __syncthreads();
  out[threadIdx.x] = b[threadIdx.x];
}
__global__ void missing_barrier(float* out) {
  FLM_SHARED(float, tile, [64]);
  tile[threadIdx.x] = float(threadIdx.x);
  out[threadIdx.x] = tile[63 - threadIdx.x];
}
__global__ void shuffle_is_no_barrier(float* out) {
  FLM_SHARED(float, tile, [32]);
  tile[threadIdx.x] = float(threadIdx.x);
  __shfl_sync(kFullMask, 0, 0);
  out[threadIdx.x] = tile[31 - threadIdx.x];
}
__global__ void syncwarp_is_one(float* out) {
  FLM_SHARED(float, tile, [32]);
  tile[threadIdx.x] = float(threadIdx.x);
  __syncwarp();
  out[threadIdx.x] = tile[31 - threadIdx.x];
}
__global__ void static_16_kib(float* out) {
  FLM_SHARED(float, tile, [4096]);
  tile[threadIdx.x] = 1;
  out[threadIdx.x] = tile[threadIdx.x];
}
__global__ void blocks_collide(float* out) { out[threadIdx.x] = float(blockIdx.x); }
__global__ void blocks_add(float* out) { atomicAdd(out + threadIdx.x, 1.0f); }
__global__ void missing_wait(float* out, const float* in) {
  FLM_SHARED(float4, tile, [32]);
  copy_async_16(&tile[threadIdx.x], in + threadIdx.x * 4);
  copy_async_commit();
  copy_async_wait<1>();  // should be 0
  out[threadIdx.x] = tile[threadIdx.x].x;
}

template <class F>
void must_fail(const std::string& words, F f) {
  std::string said = "nothing";
  try {
    f();
  } catch (const emu::Fault& fault) {
    said = fault.what();
  }
  if (said.find(words) == said.npos)
    test::report_failure(__FILE__, __LINE__, "expected \"" + words + "\", but the emulation said " + said);
}

}  // namespace

FLM_TEST(emulation_finds_divergence) {
  DeviceBuffer<int> ints(64);
  DeviceBuffer<float> floats(64);
  must_fail("divergent barrier", [&] { FLM_LAUNCH(divergent_barrier, 1, 64, 0, nullptr, ints.data()); });
  must_fail("no thread can go on", [&] { FLM_LAUNCH(barrier_and_shuffle, 1, 32, 0, nullptr, ints.data()); });
  must_fail("lacks the calling lane", [&] { FLM_LAUNCH(mask_without_me, 1, 32, 0, nullptr, ints.data()); });
  must_fail("disagree about the mask", [&] { FLM_LAUNCH(masks_disagree, 1, 32, 0, nullptr, ints.data()); });
  must_fail("have exited", [&] { FLM_LAUNCH(mma_in_half_a_warp, 1, 32, 0, nullptr, floats.data()); });
}

FLM_TEST(emulation_finds_bad_launches) {
  DeviceBuffer<float> floats(32);
  must_fail("the kernel takes", [&] { FLM_LAUNCH(dynamic_overrun, 1, 32, 128, nullptr, floats.data(), 0); });
  const auto with_dynamic = [&](int kib) {
    return [&floats, kib] { FLM_LAUNCH(static_16_kib, 1, 32, size_t(kib) << 10, nullptr, floats.data()); };
  };
  must_fail("nothing", with_dynamic(32));
  must_fail("does not ask for more", with_dynamic(40));
  must_fail("nothing", with_dynamic(83));
  must_fail("exceed 99 KiB", with_dynamic(84));
  must_fail("more than 99 KiB", with_dynamic(100));
  must_fail("1 to 1024", [&] { FLM_LAUNCH(blocks_add, 1, dim3(33, 32), 0, nullptr, floats.data()); });
}

#if defined(__SANITIZE_ADDRESS__)
FLM_TEST(emulation_finds_overruns) {  // see CMakeLists.txt
  DeviceBuffer<float> floats(32);
  const char* variable = std::getenv("FLM_EMU_TEST");
  const std::string which = variable ? variable : "";
  if (which == "shared_overrun") FLM_LAUNCH(shared_overrun, 1, 32, 0, nullptr, floats.data(), 32);
  if (which == "global_overrun") FLM_LAUNCH(blocks_add, 1, 33, 0, nullptr, floats.data());
}
#else
FLM_TEST(emulation_finds_overruns) {
  DeviceBuffer<float> floats(32);
  must_fail("'tile' of 128 bytes was written at byte 128",
            [&] { FLM_LAUNCH(shared_overrun, 1, 32, 0, nullptr, floats.data(), 32); });
  must_fail("4 bytes before its start",
            [&] { FLM_LAUNCH(shared_overrun, 1, 32, 0, nullptr, floats.data(), -1); });
  must_fail("'dynamic array 0'",
            [&] { FLM_LAUNCH(dynamic_overrun, 1, 32, 256, nullptr, floats.data(), 32); });
}
#endif

FLM_TEST(emulation_shows_a_missing_wait) {
  if (emu::options().async_copy != emu::AsyncCopy::kLate) return;
  const DeviceBuffer<float> input(std::vector<float>(128, 5.0f));
  DeviceBuffer<float> floats(32);
  FLM_LAUNCH(missing_wait, 1, 32, 0, nullptr, floats.data(), input.data());
  CHECK(std::isnan(floats.host()[0]));
}

FLM_TEST(emulation_finds_races) {
  if (!emu::race_checking()) return;
  DeviceBuffer<float> floats(32), floats64(64), sums(std::vector<float>(32, 5.0f));
  FLM_LAUNCH(syncwarp_is_one, 1, 32, 0, nullptr, floats.data());
  CHECK_EQ(floats.host()[4], 27.0f);
  FLM_LAUNCH(blocks_add, 4, 32, 0, nullptr, sums.data());
  CHECK_EQ(sums.host()[0], 9.0f);
  const std::string race = "race on shared array 'tile'";
  must_fail(race, [&] { FLM_LAUNCH(missing_barrier, 1, 64, 0, nullptr, floats64.data()); });
  must_fail(race, [&] { FLM_LAUNCH(shuffle_is_no_barrier, 1, 32, 0, nullptr, floats.data()); });
  must_fail("of another block", [&] { FLM_LAUNCH(blocks_collide, 2, 32, 0, nullptr, floats.data()); });
}

}  // namespace flm::cuda
