#pragma once
// What an instruction set offers to products: the kernels that gemm.cpp arranges.
#include <cstdint>

#include "core/dtype.h"
#include "cpu/isa.h"

namespace flm::cpu {

// Packed operands consist of 32-bit units along k: one f32 each, or (steps_per_unit 2) two bf16.
struct GemmKernels {
  int mr, nr;  // rows and columns of a register tile, and the widths of panels of a and b
  int steps_per_unit;

  // Packs `lanes` (<= mr or nr) rows of a or columns of b, k steps long. With `steps_adjacent` a lane's steps
  // lie side by side in memory and lanes are ld apart, else the reverse.
  using Pack = void (*)(float* panel, const void* from, int64_t ld, bool steps_adjacent, int lanes,
                        int64_t k);
  Pack pack_a, pack_b;

  // c (rows x cols, rows ldc apart) = or, with add, += alpha * a * panel of b, for up to mr rows and nr
  // columns. Unit k of row i of a is a[k * stride + i] for `tile` (stride mr in a panel of pack_a), and a[i *
  // stride + k] for `tile_of_rows`.
  using Tile = void (*)(int rows, int cols, int64_t units, const float* a, int64_t stride, const float* b,
                        float* c, int64_t ldc, float alpha, bool add);
  Tile tile, tile_of_rows;

  // For up to kMaxSkinnyRows rows x of f32, rows ldx apart, and b as it lies in memory:
  // sums (rows x cols, rows ld_sums apart) = x * b, where b is (cols, k) with b_transposed, else (k, cols).
  void (*skinny)(int rows, int64_t cols, int64_t k, const float* x, int64_t ldx, const void* b, int64_t ldb,
                 bool b_transposed, float* sums, int64_t ld_sums);
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
