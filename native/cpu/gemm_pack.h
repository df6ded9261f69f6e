#pragma once
// Packing of operands into panels: unit k of lane i at panel[k * width + i], where a lane is a row of a or a
// column of b. See gemm_tile.h for units.
#include "cpu/simd.h"

namespace flm::cpu {
namespace {

// A unit of one f32 from either type, and a unit of two bf16.
struct F32Unit {
  static constexpr int kSteps = 1;
};
struct Bf16Unit {
  static constexpr int kSteps = 2;
};
// A unit of one f32 that is rounded to bf16.
struct RoundedUnit {
  static constexpr int kSteps = 1;
};

// Lanes of two vectors: lane i is the one of a and b that Choice(i) counts, b's after a's.
template <class Choice, int n, int... kLane>
FLM_INLINE Vec<float, n> choose(Vec<float, n> a, Vec<float, n> b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, Choice{}(kLane, n)...);
}
template <class Choice, int n>
FLM_INLINE Vec<float, n> choose(Vec<float, n> a, Vec<float, n> b) {
  return choose<Choice, n>(a, b, std::make_integer_sequence<int, n>{});
}

// In each quad of four lanes, kSize of a by turns with as many of b, from the quad's lower or upper half.
template <int kSize, bool kUpper>
struct Interleaved {
  constexpr int operator()(int lane, int n) const {
    const int in_quad = lane % 4, of_half = kSize == 1 ? in_quad / 2 : in_quad % 2;
    return lane - in_quad + of_half + (kUpper ? 2 : 0) + (in_quad / kSize % 2 ? n : 0);
  }
};
// The quads at even places, or at odd ones, of a and then of b.
template <bool kOdd>
struct EveryOtherQuad {
  constexpr int operator()(int lane, int) const { return lane / 4 * 8 + lane % 4 + (kOdd ? 4 : 0); }
};

// In-register transposition of an n x n block, n 4, 8 or 16: quads go to their places, then lanes within
// them. Each step is one instruction, which shuffles of any lanes with any are not on every processor.
template <int n>
FLM_INLINE void transpose(Vec<float, n>* rows) {
  using V = Vec<float, n>;
  constexpr int kQuads = n / 4;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
#pragma GCC unroll 2
    for (int size = 1; size < kQuads; size *= 2) {
      V old[kQuads];
#pragma GCC unroll 4
      for (int quad = 0; quad < kQuads; ++quad) old[quad] = rows[i + 4 * quad];
#pragma GCC unroll 2
      for (int pair = 0; pair < kQuads / 2; ++pair) {
        const V a = old[2 * pair], b = old[2 * pair + 1];
        rows[i + 4 * pair] = choose<EveryOtherQuad<false>, n>(a, b);
        rows[i + 4 * pair + n / 2] = choose<EveryOtherQuad<true>, n>(a, b);
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < n; i += 4) {
    const V low = choose<Interleaved<1, false>, n>(rows[i], rows[i + 1]);
    const V high = choose<Interleaved<1, true>, n>(rows[i], rows[i + 1]);
    const V next_low = choose<Interleaved<1, false>, n>(rows[i + 2], rows[i + 3]);
    const V next_high = choose<Interleaved<1, true>, n>(rows[i + 2], rows[i + 3]);
    rows[i] = choose<Interleaved<2, false>, n>(low, next_low);
    rows[i + 1] = choose<Interleaved<2, true>, n>(low, next_low);
    rows[i + 2] = choose<Interleaved<2, false>, n>(high, next_high);
    rows[i + 3] = choose<Interleaved<2, true>, n>(high, next_high);
  }
}

template <int n>
FLM_INLINE Vec<float, n> load_units(F32Unit, const float* from) {
  return load_floats<n>(from);
}
template <int n>
FLM_INLINE Vec<float, n> load_units(F32Unit, const bf16* from) {
  return load_floats<n>(from);
}
template <int n>
FLM_INLINE Vec<float, n> load_units(Bf16Unit, const bf16* from) {
  return load<Vec<float, n>>(from);
}

template <int n>
FLM_INLINE Vec<float, n> load_units(RoundedUnit, const float* from) {
  return (Vec<float, n>)(bf16_bits<n>(load_floats<n>(from)) << 16);
}

FLM_INLINE float make_unit(F32Unit, const float* step, int64_t, bool) { return *step; }
FLM_INLINE float make_unit(F32Unit, const bf16* step, int64_t, bool) { return to_float(*step); }
FLM_INLINE float make_unit(RoundedUnit, const float* step, int64_t, bool) { return to_float(to_bf16(*step)); }
FLM_INLINE bf16 narrowed(bf16 value) { return value; }
FLM_INLINE bf16 narrowed(float value) { return to_bf16(value); }
template <class T>
FLM_INLINE float make_unit(Bf16Unit, const T* step, int64_t next, bool has_next) {
  const uint32_t bits = narrowed(*step).bits | (has_next ? uint32_t(narrowed(step[next]).bits) << 16 : 0u);
  float unit;
  std::memcpy(&unit, &bits, sizeof unit);
  return unit;
}

// Rows that lie apart are asked for early: the processor's own prefetching is of little use for them.
constexpr int64_t kStepsAhead = 8, kLineBytes = 64, kCacheBytes = 32768;

// One panel: lane i at from + i * ld, its steps side by side. Lanes from `lanes` up to whole groups of kGroup
// become 0; `all_lanes` are there, with those of later panels.
template <class Unit, int kWidth, int kGroup, class T>
FLM_INLINE void pack_panel_of_rows(float* panel, const T* from, int64_t ld, int lanes, int64_t all_lanes,
                                   int64_t k) {
  const int64_t units = k / Unit::kSteps, whole = units / kGroup * kGroup;
  for (int group = 0; group < lanes; group += kGroup) {
    const int here = lanes - group < kGroup ? lanes - group : kGroup;
    const T* rows = from + group * ld;
    // The next group, where it stays in the first-level cache until its turn.
    const int64_t next = k * kGroup * int64_t(sizeof(T)) <= kCacheBytes ? 2 * kGroup : 0;
    const int64_t ahead = next < all_lanes - group ? next : all_lanes - group;
    for (int64_t unit = 0; unit < whole; unit += kGroup) {
      for (int i = kGroup; i < ahead; ++i) __builtin_prefetch(rows + i * ld + unit * Unit::kSteps);
      Vec<float, kGroup> block[kGroup];
#pragma GCC unroll 16
      for (int i = 0; i < kGroup; ++i) {
        block[i] =
            i < here ? load_units<kGroup>(Unit{}, rows + i * ld + unit * Unit::kSteps) : Vec<float, kGroup>{};
      }
      transpose<kGroup>(block);
#pragma GCC unroll 16
      for (int i = 0; i < kGroup; ++i) store(panel + (unit + i) * kWidth + group, block[i]);
    }
    for (int64_t step = whole * Unit::kSteps; step < k; step += Unit::kSteps) {
      float* to = panel + step / Unit::kSteps * kWidth + group;
      for (int i = 0; i < kGroup; ++i) {
        to[i] = i < here ? make_unit(Unit{}, rows + i * ld + step, 1, step + 1 < k) : 0.0f;
      }
    }
  }
}

// Panels of lanes whose steps lie side by side.
template <class Unit, int kWidth, int kGroup, class T>
void pack_rows(float* panels, int64_t panel_stride, const T* from, int64_t ld, int64_t lanes, int64_t k) {
  for (int64_t lane = 0; lane < lanes; lane += kWidth, panels += panel_stride) {
    const int here = int(lanes - lane < kWidth ? lanes - lane : kWidth);
    pack_panel_of_rows<Unit, kWidth, kGroup>(panels, from + lane * ld, ld, here, lanes - lane, k);
  }
}

template <int kWidth>
FLM_INLINE void copy_step(F32Unit, float* to, const float* from, int64_t, bool) {
  std::memcpy(to, from, kWidth * sizeof(float));
}
template <int kWidth>
FLM_INLINE void copy_step(F32Unit, float* to, const bf16* from, int64_t, bool) {
#pragma GCC unroll 3
  for (int i = 0; i < kWidth; i += kWidth % 16 ? 4 : 16) {
    store(to + i, load_floats<kWidth % 16 ? 4 : 16>(from + i));
  }
}
template <int kWidth>
FLM_INLINE void copy_step(RoundedUnit, float* to, const float* from, int64_t, bool) {
  constexpr int n = kWidth % 16 ? 4 : 16;
#pragma GCC unroll 3
  for (int i = 0; i < kWidth; i += n) store(to + i, bf16_bits<n>(load_floats<n>(from + i)) << 16);
}
template <int n>
FLM_INLINE Vec<uint32_t, n> load_bits(const bf16* from) {
  return __builtin_convertvector(load<Vec<uint16_t, n>>(from), Vec<uint32_t, n>);
}
template <int kWidth>
FLM_INLINE void copy_step(Bf16Unit, float* to, const bf16* from, int64_t ld, bool has_next) {
  constexpr int n = kWidth % 16 ? 8 : 16;
#pragma GCC unroll 3
  for (int i = 0; i < kWidth; i += n) {
    const auto low = load_bits<n>(from + i);
    const auto high = has_next ? load_bits<n>(from + ld + i) : Vec<uint32_t, n>{};
    store(to + i, low | high << 16);
  }
}

// Panels of lanes that lie side by side, step k at from + k * ld: all panels a step at a time, so that memory
// is read in the order in which it lies.
template <class Unit, int kWidth, int kGroup, class T>
void pack_columns(float* panels, int64_t panel_stride, const T* from, int64_t ld, int64_t lanes, int64_t k) {
  const int64_t whole = lanes / kWidth * kWidth;
  for (int64_t step = 0; step < k; step += Unit::kSteps, panels += kWidth) {
    const T* row = from + step * ld;
    const bool has_next = step + 1 < k;
    if (step + kStepsAhead < k) {
      for (int64_t lane = 0; lane < lanes; lane += kLineBytes / int64_t(sizeof(T))) {
        for (int i = 0; i < Unit::kSteps; ++i) __builtin_prefetch(row + (kStepsAhead + i) * ld + lane);
      }
    }
    float* to = panels;
    for (int64_t lane = 0; lane < whole; lane += kWidth, to += panel_stride) {
      copy_step<kWidth>(Unit{}, to, row + lane, ld, has_next);
    }
    if (whole == lanes) continue;
    int64_t i = 0;
    for (; i + kGroup <= lanes - whole; i += kGroup)
      copy_step<kGroup>(Unit{}, to + i, row + whole + i, ld, has_next);
    for (; i < lanes - whole; ++i) to[i] = make_unit(Unit{}, row + whole + i, ld, has_next);
    for (; i < kWidth; ++i) to[i] = 0;
  }
}

template <int kLanes>
FLM_INLINE void copy_units(F32Unit, float* to, const float* from, int64_t k) {
  std::memcpy(to, from, size_t(k) * sizeof(float));
}
template <int kLanes>
FLM_INLINE void copy_units(F32Unit, float* to, const bf16* from, int64_t k) {
  int64_t step = 0;
  for (; step + kLanes <= k; step += kLanes) store(to + step, load_floats<kLanes>(from + step));
  for (; step < k; ++step) to[step] = to_float(from[step]);
}
template <int kLanes>
FLM_INLINE void copy_units(Bf16Unit, float* to, const bf16* from, int64_t k) {
  if (k % 2) to[k / 2] = 0;
  std::memcpy(to, from, size_t(k) * sizeof(bf16));
}

}  // namespace
}  // namespace flm::cpu
