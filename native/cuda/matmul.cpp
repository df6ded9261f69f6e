#include "cuda/cuda_ops.h"
#include "cuda/cuda_state.h"
#include "cuda/matmul_check.h"
#include "cuda/matmul_plain.h"

namespace flm::cuda {
namespace {

// NVIDIA's advice for Hopper; smaller devices need less.
constexpr size_t kLibraryWorkspace = size_t(32) << 20;

// cuBLASLt adds a bias of c's type only: a bf16 copy of it precedes the library's workspace.
size_t bias_bytes(const Matmul& args) {
  if (!args.bias || args.bias.dtype == args.c.dtype) return 0;
  constexpr size_t kAlign = 256;
  return (size_t(args.N) * size_of(args.c.dtype) + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

size_t workspace_bytes(const Context&, const Matmul& args) { return bias_bytes(args) + kLibraryWorkspace; }

void matmul(Context& context, const Matmul& args) {
  if (args.M == 0 || args.N == 0) return;
  check_matmul(args);
  const auto stream = static_cast<cudaStream_t>(context.stream.handle);
  MatmulPlan& plan = static_cast<CudaState*>(context.state)->matmul_plans.plan(args, kLibraryWorkspace);
  if (!plan.supported()) return matmul_plain(args, stream);
  const void* bias = args.bias.data;
  if (bias_bytes(args) > 0) {
    cast(context, {.y = {context.workspace, args.c.dtype}, .x = args.bias, .n = args.N});
    bias = context.workspace;
  }
  plan.run(args, bias, static_cast<char*>(context.workspace) + bias_bytes(args), stream);
}

}  // namespace flm::cuda
