#pragma once
// Stands in for CUDA's header of this name when kernels are compiled as host C++.
// Host and device are one memory; streams are in order because every launch is finished when it returns.
#include <algorithm>
#include <atomic>
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

// --- device functions ---------------------------------------------------------------------------

template <class T>
T __ldg(const T* p) {
  return *p;
}
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __uint_as_float(unsigned v) { return std::bit_cast<float>(v); }
inline unsigned __float_as_uint(float v) { return std::bit_cast<unsigned>(v); }
inline int __popc(unsigned v) { return std::popcount(v); }
inline int __clz(int v) { return std::countl_zero(unsigned(v)); }
inline int __ffs(int v) { return v ? std::countr_zero(unsigned(v)) + 1 : 0; }
inline void __threadfence() { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void __threadfence_block() {}

#define FLM_EMU_ATOMIC(name, next)                           \
  template <class T>                                         \
  T name(T* p, std::type_identity_t<T> value) {              \
    T old = flm::emu::atomic_load(p);                        \
    while (!flm::emu::atomic_exchange_if(p, old, T(next))) { \
    }                                                        \
    return old;                                              \
  }
FLM_EMU_ATOMIC(atomicAdd, old + value)
FLM_EMU_ATOMIC(atomicMax, old > value ? old : value)
FLM_EMU_ATOMIC(atomicMin, old < value ? old : value)
FLM_EMU_ATOMIC(atomicExch, value)
#undef FLM_EMU_ATOMIC
template <class T>
T atomicCAS(T* p, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  flm::emu::atomic_exchange_if(p, expected, value);
  return expected;
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
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline const char* cudaGetErrorString(cudaError_t e) {
  return e == cudaSuccess ? "no error" : "out of memory";
}
