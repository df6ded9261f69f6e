#pragma once
// FLM_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...) starts a kernel on `stream` (a
// cudaStream_t, see stream_of). A template with several arguments goes in parentheses: FLM_LAUNCH((kernel<T,
// true>), ...). An empty grid is an error of the launch: callers return before that.
#include <cuda_runtime.h>

#include "core/context.h"
#include "core/error.h"
#include "cuda/launch_shape.h"

namespace flm::cuda {

inline cudaStream_t stream_of(const Context& context) {
  return static_cast<cudaStream_t>(context.stream.handle);
}

inline void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  fail(error == cudaErrorMemoryAllocation ? ErrorCode::out_of_memory : ErrorCode::device_fault, what, ": ",
       cudaGetErrorString(error));
}

template <class Kernel>
void allow_shared(Kernel* kernel, size_t bytes, const char* what) {
  if (bytes <= kUnaskedShared) return;
  check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, int(bytes)),
        what);
}

}  // namespace flm::cuda

#define FLM_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  do {                                                             \
    ::flm::cuda::allow_shared(kernel, shared_bytes, #kernel);      \
    kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__);    \
    ::flm::cuda::check(cudaGetLastError(), #kernel);               \
  } while (0)
