#pragma once
// Twin of native/cuda/device/barrier.cuh.
#include <cuda_runtime.h>

namespace flm::cuda {
inline void named_barrier(int id, int threads, emu::Where at = emu::Where::current()) {
  if (id < 1 || id >= emu::kBarriers || threads % 32)
    emu::current_block->fault("named barrier: 1 to 15, for whole warps");
  emu::current_block->barrier(id, threads, "named_barrier", at);
}
}  // namespace flm::cuda
