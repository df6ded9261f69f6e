// On a device products are cuBLASLt's, which has no emulation; here the kernel for the remaining shapes does
// all of them, behind the same checks.
#include "cuda/cuda_ops.h"
#include "cuda/matmul_check.h"
#include "cuda/matmul_plain.h"

namespace flm::cuda {

size_t workspace_bytes(const Context&, const Matmul&) { return 0; }

void matmul(Context& context, const Matmul& args) {
  if (args.M == 0 || args.N == 0) return;
  check_matmul(args);
  matmul_plain(args, static_cast<cudaStream_t>(context.stream.handle));
}

}  // namespace flm::cuda
