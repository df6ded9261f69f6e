#include <algorithm>

#include "cpu/gemm.h"
#include "cpu/gemm_kernels.h"
#include "cpu/matmul_epilogue.h"

namespace flm::cpu {
namespace {

// Columns of c that one task computes.
constexpr int64_t kTaskCols = 64;

// From one row of x to the next: never a power of two, or the rows would fall on the same cache sets.
int64_t row_stride(const Matmul& args) { return (args.K + 15) / 16 * 16 + 16; }

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

}  // namespace

size_t gemm_skinny_workspace(const Matmul& args) { return size_t(args.M * row_stride(args)) * sizeof(float); }

void gemm_skinny(Context& context, const Matmul& args) {
  const Isa isa = state_of(context).isa;
  const GemmKernels& kernels = gemm_kernels(isa, args.a.dtype);
  float* x = static_cast<float*>(context.workspace);
  const bool narrow = args.a.dtype == DType::bf16;
  const int64_t split = args.transpose_b ? kernels.skinny_split : 0;
  narrow ? gather_rows<bf16>(args, split, x) : gather_rows<float>(args, split, x);

  // Small products are not worth waking the team.
  const int64_t tasks = ceil_div(args.N, kTaskCols);
  const int64_t per_call = args.N * args.K < 32768 ? tasks : 1;
  parallel_tasks(context, ceil_div(tasks, per_call), [&](int64_t call, int) {
    for (int64_t task = call * per_call; task < std::min(tasks, (call + 1) * per_call); ++task) {
      const Block block{0, task * kTaskCols, args.M, std::min(kTaskCols, args.N - task * kTaskCols)};
      float sums[kMaxSkinnyRows * kTaskCols];
      const In b = args.b.at(args.transpose_b ? block.col * args.ldb : block.col);
      kernels.skinny(int(args.M), block.cols, args.K, x, row_stride(args), b.data, args.ldb, args.transpose_b,
                     sums, kTaskCols);
      args.c.dtype == DType::f32 ? finish_block<float>(isa, args, block, sums, kTaskCols)
                                 : finish_block<bf16>(isa, args, block, sums, kTaskCols);
    }
  });
}

}  // namespace flm::cpu
