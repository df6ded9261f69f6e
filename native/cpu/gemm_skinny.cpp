#include <algorithm>

#include "cpu/dequantize.h"
#include "cpu/gemm.h"
#include "cpu/gemm_kernels.h"
#include "cpu/matmul_epilogue.h"

namespace flm::cpu {
namespace {

// Columns of c that one task computes.
constexpr int64_t kTaskCols = 64;

// From one row of x to the next: never a power of two, or the rows would fall on the same cache sets.
int64_t row_stride(const Matmul& args) { return (args.K + 15) / 16 * 16 + 16; }
// The same in int16, where rows are whole blocks.
int64_t int16_row_stride(const Matmul& args) { return scale_blocks(args.K) * kScaleBlock + 32; }

// x (M, K) = alpha * op(a) in f32; `split`: see GemmKernels::skinny_split.
template <class T>
void gather_rows(const Matmul& args, int64_t split, float* x) {
  const T* a = args.a.as<T>();
  const int64_t row = args.transpose_a ? 1 : args.lda, step = args.transpose_a ? args.lda : 1;
  const int64_t whole = split ? args.K / split * split : 0;
  for (int64_t i = 0; i < args.M; ++i) {
    const T* from = a + i * row;
    float* to = x + i * row_stride(args);
    const auto value = [&](int64_t k) { return float(args.alpha) * load_float(from[k * step]); };
    for (int64_t begin = 0; begin < whole; begin += split)
      for (int64_t k = 0; k < split / 2; ++k) {
        to[begin + k] = value(begin + 2 * k);
        to[begin + split / 2 + k] = value(begin + 2 * k + 1);
      }
    for (int64_t k = whole; k < args.K; ++k) to[k] = value(k);
  }
}

// x (M, K) = alpha * a in int16 with a scale for each block; the order is GemmKernels::skinny_int8's.
template <class T>
void quantize_rows(Isa isa, const Matmul& args, int16_t* x, float* scales) {
  run_for_isa(
      isa,
      [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          const T* from = args.a.as<T>() + i * args.lda;
          for (int64_t block = 0; block < scale_blocks(args.K); ++block) {
            float values[kScaleBlock] = {};
            const int64_t begin = block * kScaleBlock, count = std::min(kScaleBlock, args.K - begin);
            for (int64_t k = 0; k < count; ++k)
              values[k % 2 * kScaleBlock / 2 + k / 2] = float(args.alpha) * load_float(from[begin + k]);
            scales[i * scale_blocks(args.K) + block] =
                quantize_block(values, kScaleBlock, x + i * int16_row_stride(args) + begin);
          }
        }
      },
      0, args.M);
}

// Finishes c from multiply(block, sums), which fills the sums of the block's columns.
template <class Multiply>
void for_each_block(Context& context, const Matmul& args, const Multiply& multiply) {
  const Isa isa = state_of(context).isa;
  // Small products are not worth waking the team.
  const int64_t tasks = ceil_div(args.N, kTaskCols);
  const int64_t per_call = args.N * args.K < 32768 ? tasks : 1;
  parallel_tasks(context, ceil_div(tasks, per_call), [&](int64_t call, int) {
    for (int64_t task = call * per_call; task < std::min(tasks, (call + 1) * per_call); ++task) {
      const Block block{0, task * kTaskCols, args.M, std::min(kTaskCols, args.N - task * kTaskCols)};
      float sums[kMaxSkinnyRows * kTaskCols];
      multiply(block, sums);
      args.c.dtype == DType::f32 ? finish_block<float>(isa, args, block, sums, kTaskCols)
                                 : finish_block<bf16>(isa, args, block, sums, kTaskCols);
    }
  });
}

void skinny_float(Context& context, const GemmKernels& kernels, const Matmul& args) {
  float* x = static_cast<float*>(context.workspace);
  const int64_t split = args.transpose_b ? kernels.skinny_split : 0;
  args.a.dtype == DType::bf16 ? gather_rows<bf16>(args, split, x) : gather_rows<float>(args, split, x);
  const auto multiply = args.b.dtype == args.a.dtype ? kernels.skinny : kernels.skinny_wide;
  for_each_block(context, args, [&](const Block& block, float* sums) {
    const In b = args.b.at(args.transpose_b ? block.col * args.ldb : block.col);
    multiply(int(args.M), block.cols, args.K, x, row_stride(args), b.data, args.ldb, args.transpose_b, sums,
             kTaskCols);
  });
}

void skinny_int8(Context& context, const GemmKernels& kernels, const Matmul& args) {
  const Isa isa = state_of(context).isa;
  int16_t* x = static_cast<int16_t*>(context.workspace);
  float* scales = reinterpret_cast<float*>(x + args.M * int16_row_stride(args));
  args.a.dtype == DType::bf16 ? quantize_rows<bf16>(isa, args, x, scales)
                              : quantize_rows<float>(isa, args, x, scales);
  const ScaledRows<int16_t> rows{x, int16_row_stride(args), scales, scale_blocks(args.K)};
  for_each_block(context, args, [&](const Block& block, float* sums) {
    kernels.skinny_int8(int(args.M), block.cols, args.K, rows, int8_rows_of_b(args, block.col), sums,
                        kTaskCols);
  });
}

}  // namespace

size_t gemm_skinny_workspace(const Matmul& args) {
  if (args.b.dtype != DType::i8) return size_t(args.M * row_stride(args)) * sizeof(float);
  return size_t(args.M) *
         (size_t(int16_row_stride(args)) * sizeof(int16_t) + size_t(scale_blocks(args.K)) * sizeof(float));
}

void gemm_skinny(Context& context, const Matmul& args) {
  const bool is_int8 = args.b.dtype == DType::i8;
  const GemmKernels& kernels = gemm_kernels(state_of(context).isa, args.a.dtype);
  is_int8 ? skinny_int8(context, kernels, args) : skinny_float(context, kernels, args);
}

}  // namespace flm::cpu
