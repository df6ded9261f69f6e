#pragma once
// Vectors of any width as the compiler's own types, so that one template serves every instruction set.
// Included by the files that are compiled for one (after their target pragma) and by nothing else: all is in
// an unnamed namespace, because the same template must not be merged across instruction sets.
#include <cstdint>
#include <cstring>

#include "core/dtype.h"

namespace flm::cpu {
namespace {

#define FLM_INLINE __attribute__((always_inline)) inline

template <class T, int kLanes>
struct VecOf {
  typedef T type __attribute__((vector_size(kLanes * sizeof(T))));
};
template <class T, int kLanes>
using Vec = typename VecOf<T, kLanes>::type;

template <class V>
FLM_INLINE V load(const void* memory) {
  V v;
  std::memcpy(&v, memory, sizeof v);
  return v;
}

template <class V>
FLM_INLINE void store(void* memory, V v) {
  std::memcpy(memory, &v, sizeof v);
}

// kLanes values as f32, widened where they are bf16.
template <int kLanes>
FLM_INLINE Vec<float, kLanes> load_floats(const float* memory) {
  return load<Vec<float, kLanes>>(memory);
}
template <int kLanes>
FLM_INLINE Vec<float, kLanes> load_floats(const bf16* memory) {
  const auto narrow = load<Vec<uint16_t, kLanes>>(memory);
  return (Vec<float, kLanes>)(__builtin_convertvector(narrow, Vec<uint32_t, kLanes>) << 16);
}

FLM_INLINE float load_one(const float* memory) { return *memory; }
FLM_INLINE float load_one(const bf16* memory) { return to_float(*memory); }

template <int kLanes>
FLM_INLINE float sum_lanes(Vec<float, kLanes> v) {
  if constexpr (kLanes == 1) {
    return v[0];
  } else {
    Vec<float, kLanes / 2> low, high;
    std::memcpy(&low, &v, sizeof low);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    return sum_lanes<kLanes / 2>(low + high);
  }
}

}  // namespace
}  // namespace flm::cpu
