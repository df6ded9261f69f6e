#include <algorithm>
#include <vector>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

// Row by row, and for each k a whole row of products: whole models run on this, also under sanitizers, where
// every access costs. Each element still is one sum over k in order.
void matmul(Context&, const Matmul& a) {
  const double *left = f64(a.a), *right = f64(a.b), *bias = f64(a.bias), *residual = f64(a.residual);
  double* out = f64(a.c);
  std::vector<double> b(size_t(a.K * a.N)), sums(size_t(a.N));
  for (int64_t k = 0; k < a.K; ++k)
    for (int64_t n = 0; n < a.N; ++n)
      b[size_t(k * a.N + n)] = right[a.transpose_b ? n * a.ldb + k : k * a.ldb + n];
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

void pack_weights(Context&, const PackWeights&) {}  // packed_bytes is 0: products read the weight itself

}  // namespace flm::oracle
