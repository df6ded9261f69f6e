// On a device products are cuBLASLt's; here plain loops stand in for it, behind the same checks and with the
// same roundings: sums in f32, one rounding to c's type at the end, and the bias rounded to c's type first.
#include <cuda_bf16.h>

#include "cuda/cuda_ops.h"
#include "cuda/matmul_check.h"

namespace flm::cuda {
namespace {

float element(In view, int64_t at) {
  return view.dtype == DType::f32 ? view.as<float>()[at] : float(view.as<__nv_bfloat16>()[at]);
}

float rounded(float value, DType dtype) { return dtype == DType::f32 ? value : float(__nv_bfloat16(value)); }

void assign(Out view, int64_t at, float value) {
  if (view.dtype == DType::f32)
    view.as<float>()[at] = value;
  else
    view.as<__nv_bfloat16>()[at] = __nv_bfloat16(value);
}

}  // namespace

size_t workspace_bytes(const Context&, const Matmul&) { return 0; }

void matmul(Context&, const Matmul& a) {
  if (a.M == 0 || a.N == 0) return;
  check_matmul(a);
  for (int64_t m = 0; m < a.M; ++m)
    for (int64_t n = 0; n < a.N; ++n) {
      float sum = 0;
      for (int64_t k = 0; k < a.K; ++k)
        sum += element(a.a, a.transpose_a ? k * a.lda + m : m * a.lda + k) *
               element(a.b, a.transpose_b ? n * a.ldb + k : k * a.ldb + n);
      sum *= float(a.alpha);
      const int64_t at = m * a.ldc + n;
      if (a.accumulate) sum += element(a.c, at);
      if (a.bias) sum += rounded(a.bias.as<float>()[n], a.c.dtype);
      if (a.residual) sum += element(a.residual, at);
      assign(a.c, at, sum);
    }
}

}  // namespace flm::cuda
