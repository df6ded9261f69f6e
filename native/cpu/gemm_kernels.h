#pragma once
// What an instruction set offers to products: the kernels that gemm.cpp arranges.
#include <cstdint>

#include "core/dtype.h"
#include "core/int8_block.h"
#include "cpu/isa.h"

namespace flm::cpu {

// Lines of the caches that somebody will read soon: `rows` of `per_row`, where a row begins `jump` bytes
// behind the end of the one before.
struct LinesAhead {
  static constexpr int64_t kBytes = 64;
  const char* next = nullptr;
  int64_t left = 0;  // of the row that `next` is in
  int64_t per_row = 0, jump = 0, rows = 0;
};

// Where a tile goes: c = alpha * product + sums + bias + addend.
struct TileOutput {
  void* c;
  int64_t ldc;  // elements from one row of c, and of addend, to the next
  float alpha = 1;
  const float* sums = nullptr;  // of other parts of k, ld_sums from one row to the next, or null
  int64_t ld_sums = 0;
  const float* bias = nullptr;   // one a column, or null
  const void* addend = nullptr;  // of c's type, or null; may be c itself
  LinesAhead* ahead = nullptr;   // asked for, one a unit, while a in rows is multiplied; or null
};

// A matrix of small integers with a scale for each block of a row (core/int8_block.h): row i begins at values
// + i * ld, its scales at scales + i * ld_scales.
template <class Q>
struct ScaledRows {
  const Q* values;
  int64_t ld;
  const float* scales;
  int64_t ld_scales;
};

// Packed operands consist of 32-bit units along k: one f32 each, or (steps_per_unit 2) two bf16.
struct GemmKernels {
  int mr, nr;  // rows and columns of a register tile, and the widths of panels of a and b
  int steps_per_unit;

  // Packs columns of b, k steps long, into panels of nr lanes that are panel_stride floats apart. With
  // `steps_adjacent` a column's steps lie side by side in memory and columns are ld apart, else the reverse.
  void (*pack_b)(float* panels, int64_t panel_stride, const void* from, int64_t ld, bool steps_adjacent,
                 int64_t columns, int64_t k);
  // The same for b of f32, rounded to the table's type.
  void (*pack_wide_b)(float* panels, int64_t panel_stride, const void* from, int64_t ld, bool steps_adjacent,
                      int64_t columns, int64_t k);
  // The same for rows of a, into panels of mr lanes, where rows lie side by side and steps are ld apart.
  void (*pack_a)(float* panels, int64_t panel_stride, const void* from, int64_t ld, int64_t rows, int64_t k);
  // Rows of a with their steps side by side, ld apart in memory and then `stride` floats.
  void (*copy_rows)(float* to, int64_t stride, const void* from, int64_t ld, int64_t rows, int64_t k);

  // The products of up to mr rows of a with a panel of up to nr columns of b. Unit k of row i of a is
  // a[k * stride + i] for `of_panel` (stride mr in a panel of pack_a), and a[i * stride + k] for `of_rows`.
  using Tile = void (*)(int rows, int cols, int64_t units, const float* a, int64_t stride, const float* b,
                        const TileOutput& out);
  struct Tiles {
    Tile of_panel, of_rows;
  };
  Tiles to_f32, to_bf16;  // by the type of c

  // For up to kMaxSkinnyRows rows x of f32, rows ldx apart, and b as it lies in memory:
  // sums (rows x cols, rows ld_sums apart) = x * b, where b is (cols, k) with b_transposed, else (k, cols).
  // With b_transposed and skinny_split > 0, every whole run of that many steps of x holds its even steps
  // first, then its odd ones.
  int skinny_split;
  using Skinny = void (*)(int rows, int64_t cols, int64_t k, const float* x, int64_t ldx, const void* b,
                          int64_t ldb, bool b_transposed, float* sums, int64_t ld_sums);
  Skinny skinny;
  Skinny skinny_wide;  // for b of f32, rounded to the table's type
  // The same for b (cols, k) in int8. Rows of x are int16, whole blocks with the even
  // steps of each in front of its odd ones; rows of b end with k.
  void (*skinny_int8)(int rows, int64_t cols, int64_t k, const ScaledRows<int16_t>& x,
                      const ScaledRows<int8_t>& b, float* sums, int64_t ld_sums);
};

constexpr int kMaxSkinnyRows = 8;
// The largest mr and nr; the others divide them.
constexpr int kMaxTileRows = 8, kMaxTileCols = 48;

// dtype f32 or bf16: the type of both operands.
const GemmKernels& gemm_kernels(Isa isa, DType dtype);

// One pair of tables an instruction set; avx512_bf16 differs from avx512 in its products of bf16 alone.
extern const GemmKernels kGemmPortableF32, kGemmPortableBf16;
extern const GemmKernels kGemmAvx2F32, kGemmAvx2Bf16;
extern const GemmKernels kGemmAvx512F32, kGemmAvx512Bf16;
extern const GemmKernels kGemmAvx512NativeBf16;

}  // namespace flm::cpu
