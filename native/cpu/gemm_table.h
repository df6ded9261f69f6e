#pragma once
// Fills a GemmKernels for one instruction set, from templates instantiated in the including file.
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_pack.h"
#include "cpu/gemm_skinny.h"
#include "cpu/gemm_tile.h"

namespace flm::cpu {
namespace {

template <class Unit, int kWidth, int kGroup, class T>
void pack(float* panel, const void* from, int64_t ld, bool steps_adjacent, int lanes, int64_t k) {
  if (steps_adjacent) {
    pack_rows<Unit, kWidth, kGroup>(panel, static_cast<const T*>(from), ld, lanes, k);
  } else {
    pack_columns<Unit, kWidth>(panel, static_cast<const T*>(from), ld, lanes, k);
  }
}

// T: the operands' type in memory; Unit and Product: how they are multiplied.
template <class T, class Unit, class Product, int kMr>
constexpr GemmKernels make_kernels() {
  constexpr int kLanes = Product::kLanesOf, kNr = 3 * kLanes;
  return {.mr = kMr,
          .nr = kNr,
          .steps_per_unit = Unit::kSteps,
          .pack_a = pack<Unit, kMr, kMr, T>,
          .pack_b = pack<Unit, kNr, kLanes, T>,
          .tile = tile<Product, kMr, Major::k>,
          .tile_of_rows = tile<Product, kMr, Major::row>,
          .skinny = skinny<kLanes, T>};
}

}  // namespace
}  // namespace flm::cpu
