#pragma once
// Stands in for CUDA's header of this name when kernels are compiled as host C++.
// Host and device are one memory; streams are in order because every launch is finished when it returns.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "src/atomics.h"
#include "src/collectives.h"
#include "src/launch.h"
#include "src/race.h"
#include "src/vector_types.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) alignas(n)
// Not defined on purpose: __shared__ (use FLM_SHARED), __activemask, __constant__, <<<>>>.
// Never define __noinline__: the standard library spells an attribute that way.

using std::max;
using std::min;

// --- device functions; a kernel that needs more of CUDA adds it here ----------------------------

inline int __popc(unsigned v) { return std::popcount(v); }

template <class T>
T atomicAdd(T* p, std::type_identity_t<T> value) {
  T old = flm::emu::atomic_load(p);
  while (!flm::emu::atomic_exchange_if(p, old, T(old + value))) {
  }
  return old;
}

// --- the host side that kernels' files and tests use --------------------------------------------

using cudaStream_t = struct flm_emu_stream*;
enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2 };
enum cudaMemcpyKind {
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
  cudaMemcpyDefault
};

inline cudaError_t cudaMalloc(void** p, size_t bytes) {
  // Exactly as many bytes as were asked for, so that ASan sees the first one too many.
  *p = std::aligned_alloc(256, bytes ? (bytes + 255) / 256 * 256 : 256);
#if defined(__SANITIZE_ADDRESS__)
  if (std::free(*p); posix_memalign(p, 256, bytes) != 0) *p = nullptr;
#endif
  if (!*p) return cudaErrorMemoryAllocation;
  std::memset(*p, 0xFF, bytes);
  flm::emu::watch_global(*p, bytes, "a device buffer");
  return cudaSuccess;
}
template <class T>
cudaError_t cudaMalloc(T** p, size_t bytes) {
  return cudaMalloc(reinterpret_cast<void**>(p), bytes);
}
inline cudaError_t cudaFree(void* p) { return flm::emu::unwatch_global(p), std::free(p), cudaSuccess; }
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind) {
  return std::memcpy(to, from, n), cudaSuccess;
}
inline cudaError_t cudaMemset(void* p, int v, size_t n) { return std::memset(p, v, n), cudaSuccess; }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n, cudaMemcpyKind kind, cudaStream_t) {
  return cudaMemcpy(to, from, n, kind);
}
inline cudaError_t cudaMemsetAsync(void* p, int v, size_t n, cudaStream_t) { return cudaMemset(p, v, n); }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError_t e) {
  return e == cudaSuccess ? "no error" : "out of memory";
}
