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

// x (M, K) = alpha * op(a) in f32.
template <class T>
void gather_rows(const Matmul& args, float* x) {
  const T* a = args.a.as<T>();
  const int64_t row = args.transpose_a ? 1 : args.lda, step = args.transpose_a ? args.lda : 1;
  for (int64_t i = 0; i < args.M; ++i) {
    for (int64_t k = 0; k < args.K; ++k) {
      x[i * row_stride(args) + k] = float(args.alpha) * load_float(a[i * row + k * step]);
    }
  }
}

}  // namespace

size_t gemm_skinny_workspace(const Matmul& args) { return size_t(args.M * row_stride(args)) * sizeof(float); }

void gemm_skinny(Context& context, const Matmul& args) {
  const Isa isa = state_of(context).isa;
  const GemmKernels& kernels = gemm_kernels(isa, args.a.dtype);
  float* x = static_cast<float*>(context.workspace);
  const bool narrow = args.a.dtype == DType::bf16;
  narrow ? gather_rows<bf16>(args, x) : gather_rows<float>(args, x);

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
