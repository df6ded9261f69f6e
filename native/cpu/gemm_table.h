#pragma once
// Fills a GemmKernels for one instruction set, from templates instantiated in
// the including file.
#include <type_traits>

#include "cpu/gemm_kernels.h"
#include "cpu/gemm_pack.h"
#include "cpu/gemm_skinny.h"
#include "cpu/gemm_skinny_int8.h"
#include "cpu/gemm_tile.h"

namespace flm::cpu {
namespace {

template <class Unit, int kWidth, int kGroup, class T>
void pack_b(float* panels, int64_t panel_stride, const void* from, int64_t ld, bool steps_adjacent,
            int64_t columns, int64_t k) {
  const T* first = static_cast<const T*>(from);
  if (steps_adjacent) {
    pack_rows<Unit, kWidth, kGroup>(panels, panel_stride, first, ld, columns, k);
  } else {
    pack_columns<Unit, kWidth, kGroup>(panels, panel_stride, first, ld, columns, k);
  }
}

template <class Unit, int kWidth, class T>
void pack_a(float* panels, int64_t panel_stride, const void* from, int64_t ld, int64_t rows, int64_t k) {
  pack_columns<Unit, kWidth, kWidth>(panels, panel_stride, static_cast<const T*>(from), ld, rows, k);
}

template <class Unit, int kLanes, class T>
void copy_rows(float* to, int64_t stride, const void* from, int64_t ld, int64_t rows, int64_t k) {
  for (int64_t i = 0; i < rows; ++i) {
    copy_units<kLanes>(Unit{}, to + i * stride, static_cast<const T*>(from) + i * ld, k);
  }
}

// What f32 is packed to, to be multiplied as T.
template <class T, class Unit>
using UnitOfWide =
    std::conditional_t<std::is_same_v<T, bf16> && std::is_same_v<Unit, F32Unit>, RoundedUnit, Unit>;

// T: the operands' type in memory; Unit and Product: how they are multiplied.
template <class T, class Unit, class Product, int kMr>
constexpr GemmKernels make_kernels() {
  constexpr int kLanes = Product::kLanesOf, kNr = 3 * kLanes;
  return {.mr = kMr,
          .nr = kNr,
          .steps_per_unit = Unit::kSteps,
          .pack_b = pack_b<Unit, kNr, kLanes, T>,
          .pack_wide_b = pack_b<UnitOfWide<T, Unit>, kNr, kLanes, float>,
          .pack_a = pack_a<Unit, kMr, T>,
          .copy_rows = copy_rows<Unit, kLanes, T>,
          .to_f32 = {tile<Product, float, kMr, Major::k>, tile<Product, float, kMr, Major::row>},
          .to_bf16 = {tile<Product, bf16, kMr, Major::k>, tile<Product, bf16, kMr, Major::row>},
          .skinny_split = kSkinnyRound<kLanes, T> > kLanes ? kSkinnyRound<kLanes, T> : 0,
          .skinny = skinny<kLanes, T>,
          .skinny_wide = skinny<kLanes, std::conditional_t<std::is_same_v<T, bf16>, Rounded, T>>,
          .skinny_int8 = skinny_int8<kLanes>};
}

}  // namespace
}  // namespace flm::cpu
