#pragma once
// Vectors of any width as the compiler's own types, so that one template serves every instruction set.
// Included by the files that are compiled for one (after their target pragma) and by nothing else: all is in
// an unnamed namespace, because the same template must not be merged across instruction sets.
#include <cstdint>
#include <cstring>
#include <utility>

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

// Rounded to bf16 as core/dtype.h has it, in the lower half of each lane.
template <int kLanes>
FLM_INLINE Vec<uint32_t, kLanes> bf16_bits(Vec<float, kLanes> v) {
  using Bits = Vec<uint32_t, kLanes>;
  const Bits bits = (Bits)v;
  const Bits rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Bits quiet = (bits >> 16) | 0x40u;
  return (bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded;
}

// Floats to memory, there rounded to bf16.
template <class V>
FLM_INLINE void store_rounded(float* memory, V v) {
  store(memory, v);
}
template <class V>
FLM_INLINE void store_rounded(bf16* memory, V v) {
  constexpr int kLanes = sizeof(V) / sizeof(float);
  store(memory, __builtin_convertvector(bf16_bits<kLanes>(v), Vec<uint16_t, kLanes>));
}

// 2 * kLanes bf16 as f32: those at even places, and those at odd ones. Cheaper than in order, since nothing
// has to move between lanes.
template <int kLanes>
FLM_INLINE void load_split(const bf16* memory, Vec<float, kLanes>& even, Vec<float, kLanes>& odd) {
  const auto pairs = load<Vec<uint32_t, kLanes>>(memory);
  even = (Vec<float, kLanes>)(pairs << 16);
  odd = (Vec<float, kLanes>)(pairs & 0xffff0000u);
}

FLM_INLINE float load_one(const float* memory) { return *memory; }
FLM_INLINE float load_one(const bf16* memory) { return to_float(*memory); }

// The two halves of a vector. Shuffles, not memory: a vector whose address is taken would live on the stack.
template <int kLanes, int kFirst, int... kIndex>
FLM_INLINE Vec<float, kLanes> lanes_from(Vec<float, 2 * kLanes> v, std::integer_sequence<int, kIndex...>) {
  return __builtin_shufflevector(v, v, (kFirst + kIndex)...);
}

template <int kLanes>
FLM_INLINE float sum_lanes(Vec<float, kLanes> v) {
  if constexpr (kLanes == 1) {
    return v[0];
  } else {
    constexpr int kHalf = kLanes / 2;
    constexpr auto kIndices = std::make_integer_sequence<int, kHalf>{};
    return sum_lanes<kHalf>(lanes_from<kHalf, 0>(v, kIndices) + lanes_from<kHalf, kHalf>(v, kIndices));
  }
}

}  // namespace
}  // namespace flm::cpu
