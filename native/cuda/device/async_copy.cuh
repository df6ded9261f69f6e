#pragma once
// Copies from global to shared memory that bypass registers. `valid_bytes` below the size zero-fills the
// rest; at 0 nothing is read.
#include <cuda_runtime.h>

#include <cstdint>

namespace flm::cuda {

__device__ __forceinline__ void copy_async_16(void* shared, const void* global, int valid_bytes = 16) {
  const auto to = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(valid_bytes)
               : "memory");
}
__device__ __forceinline__ void copy_async_4(void* shared, const void* global, int valid_bytes = 4) {
  const auto to = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(global), "r"(valid_bytes)
               : "memory");
}
// Closes the group of this thread's copies since the last commit.
__device__ __forceinline__ void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most `pending` of this thread's newest groups are still under way. Says nothing about
// other threads' copies: those need a barrier after it.
template <int pending>
__device__ __forceinline__ void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

}  // namespace flm::cuda
