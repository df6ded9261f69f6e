#pragma once
// Twin of native/cuda/device/async_copy.cuh.
#include <cuda_runtime.h>

#include "src/async_copy.h"

namespace flm::cuda {
inline void copy_async_16(void* shared, const void* global, int valid_bytes = 16) {
  emu::copy_async(shared, global, 16, valid_bytes);
}
inline void copy_async_4(void* shared, const void* global, int valid_bytes = 4) {
  emu::copy_async(shared, global, 4, valid_bytes);
}
inline void copy_async_commit() { emu::copy_commit(); }
template <int pending>
void copy_async_wait() {
  emu::copy_wait(pending);
}
}  // namespace flm::cuda
