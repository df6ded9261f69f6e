#pragma once
// Elements of either compute type, one or 16 bytes at a time, always computed with as f32.
#include <cstdint>

#include "cuda/device/bf16.cuh"

namespace flm::cuda {

__device__ __forceinline__ float to_f32(float v) { return v; }
__device__ __forceinline__ float to_f32(bf16 v) { return __bfloat162float(v); }

template <class T>
__device__ __forceinline__ T from_f32(float v);
template <>
__device__ __forceinline__ float from_f32<float>(float v) {
  return v;
}
template <>
__device__ __forceinline__ bf16 from_f32<bf16>(float v) {
  return __float2bfloat16_rn(v);
}

// Elements of one 16-byte access.
template <class T>
inline constexpr int kVector = int(16 / sizeof(T));

// A struct of the elements' own type, so that host compilers see no aliasing; nvcc makes it one access.
template <class T, int count>
struct alignas(count * sizeof(T)) Pack {
  T element[count];
};

// The widest access, in elements, for `width` elements of T.
template <class T, int width>
inline constexpr int kAccess = width < kVector<T> ? width : kVector<T>;

template <int width, class T>
__device__ __forceinline__ void load(float (&v)[width], const T* from) {
  constexpr int kStep = kAccess<T, width>;
#pragma unroll
  for (int i = 0; i < width; i += kStep) {
    const auto pack = *reinterpret_cast<const Pack<T, kStep>*>(from + i);
#pragma unroll
    for (int j = 0; j < kStep; ++j) v[i + j] = to_f32(pack.element[j]);
  }
}

template <int width, class T>
__device__ __forceinline__ void store(T* to, const float (&v)[width]) {
  constexpr int kStep = kAccess<T, width>;
#pragma unroll
  for (int i = 0; i < width; i += kStep) {
    Pack<T, kStep> pack;
#pragma unroll
    for (int j = 0; j < kStep; ++j) pack.element[j] = from_f32<T>(v[i + j]);
    *reinterpret_cast<Pack<T, kStep>*>(to + i) = pack;
  }
}

// Null reads as `absent`. Masks are multiplied with also where there is none: kernels that are bound by
// memory do it for free, and a mask of ones then gives the very bits of no mask.
template <int width, class T>
__device__ __forceinline__ void load_or(float (&v)[width], const T* from, int64_t at, float absent) {
  if (from) {
    load(v, from + at);
    return;
  }
#pragma unroll
  for (int i = 0; i < width; ++i) v[i] = absent;
}

}  // namespace flm::cuda
