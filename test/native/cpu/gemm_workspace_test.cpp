#include "core/backend.h"
#include "cpu/cpu_backend.h"
#include "test.h"

namespace flm::test {
namespace {

size_t workspace_of(const Backend& backend, int64_t rows, bool transpose_a) {
  Matmul args{};
  args.a.dtype = args.b.dtype = args.c.dtype = DType::bf16;
  args.M = rows, args.N = 1024, args.K = 4096;
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
  for (const bool transpose_a : {false, true}) {
    size_t before = 0;
    for (int64_t rows = 64; rows <= 3328; rows += 64) {
      const size_t bytes = workspace_of(backend, rows, transpose_a);
      CHECK(bytes >= before);
      before = bytes;
    }
  }
}

}  // namespace
}  // namespace flm::test
