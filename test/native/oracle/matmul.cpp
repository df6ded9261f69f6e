#include <algorithm>
#include <vector>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

namespace {

// (K, N), whatever b's type and order.
std::vector<double> right_operand(const Matmul& a) {
  const bool is_int8 = a.b.dtype == DType::i8;
  const double *wide = is_int8 ? nullptr : f64(a.b), *scales = f64(a.b_scales);
  const int8_t* narrow = is_int8 ? checked<int8_t>(a.b) : nullptr;
  std::vector<double> b(size_t(a.K * a.N));
  for (int64_t k = 0; k < a.K; ++k)
    for (int64_t n = 0; n < a.N; ++n) {
      const int64_t at = a.transpose_b ? n * a.ldb + k : k * a.ldb + n;
      double& value = b[size_t(k * a.N + n)];
      value = is_int8 ? scales[n * scale_blocks(a.K) + k / kScaleBlock] * narrow[at] : wide[at];
    }
  return b;
}

}  // namespace

// Row by row, and for each k a whole row of products: whole models run on this, also under sanitizers, where
// every access costs. Each element still is one sum over k in order.
void matmul(Context&, const Matmul& a) {
  const double *left = f64(a.a), *bias = f64(a.bias), *residual = f64(a.residual);
  double* out = f64(a.c);
  const std::vector<double> b = right_operand(a);
  std::vector<double> sums(size_t(a.N));
  for (int64_t m = 0; m < a.M; ++m) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t k = 0; k < a.K; ++k) {
      const double factor = left[a.transpose_a ? k * a.lda + m : m * a.lda + k];
      const double* row = b.data() + k * a.N;
      for (int64_t n = 0; n < a.N; ++n) sums[size_t(n)] += factor * row[n];
    }
    for (int64_t n = 0; n < a.N; ++n) {
      double& c = out[m * a.ldc + n];
      c = a.alpha * sums[size_t(n)] + (a.accumulate ? c : 0);
      if (bias) c += bias[n];
      if (residual) c += residual[m * a.ldc + n];
    }
  }
}

}  // namespace flm::oracle
