#pragma once
// Twin of native/cuda/device/launch.cuh.
#include <cuda_runtime.h>

#include "core/context.h"
#include "core/error.h"

namespace flm::cuda {

inline cudaStream_t stream_of(const Context& context) {
  return static_cast<cudaStream_t>(context.stream.handle);
}

inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  fail(error == cudaErrorMemoryAllocation ? ErrorCode::out_of_memory : ErrorCode::device_fault, what, ": ",
       cudaGetErrorString(error));
}

}  // namespace flm::cuda

#define FLM_LAUNCH(kernel, ...) ::flm::emu::launch(#kernel, kernel, __VA_ARGS__)
