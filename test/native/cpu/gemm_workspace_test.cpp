#include "core/backend.h"
#include "cpu/cpu_backend.h"
#include "test.h"

namespace flm::test {
namespace {

struct Size {
  int64_t cols, depth;
};

size_t workspace_of(const Backend& backend, int64_t rows, const Size& size, bool transpose_a, DType weights) {
  Matmul args{};
  args.a.dtype = args.c.dtype = DType::bf16;
  args.b.dtype = weights;
  args.M = rows, args.N = size.cols, args.K = size.depth;
  args.lda = transpose_a ? args.M : args.K, args.ldb = args.K, args.ldc = args.N;
  args.transpose_a = transpose_a, args.transpose_b = true;
  Context measuring = backend.context();
  measuring.measuring = true;
  backend.ops->matmul(measuring, args);
  return measuring.workspace_needed;
}

// An engine measures with its longest sequence and then reads shorter prompts.
FLM_TEST(fewer_rows_never_need_more_workspace_for_a_product) {
  const Backend backend = cpu::make_backend(2);
  const auto grows = [&](bool transpose_a, DType weights, const Size& size = {1024, 4096}) {
    size_t before = 0;
    for (int64_t rows = 1; rows <= 3328; rows = rows < 64 ? 2 * rows : rows + 64) {
      const size_t bytes = workspace_of(backend, rows, size, transpose_a, weights);
      CHECK(bytes >= before);
      before = bytes;
    }
  };
  grows(false, DType::bf16);
  grows(true, DType::bf16);
  grows(false, DType::i8);
  grows(false, DType::bf16, {8, 65536});
  // Few rows are multiplied panel by panel: read in place, and copied.
  grows(false, DType::bf16, {1024, 768});
  grows(false, DType::bf16, {1024, 2048});
  grows(false, DType::f32, {1024, 769});
}

}  // namespace
}  // namespace flm::test
