#include "ops.h"
#include "views.h"

namespace flm::oracle {

void matmul(Context&, const Matmul& a) {
  for (int64_t m = 0; m < a.M; ++m)
    for (int64_t n = 0; n < a.N; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < a.K; ++k) {
        const int64_t at = a.transpose_a ? k * a.lda + m : m * a.lda + k;
        const int64_t bt = a.transpose_b ? n * a.ldb + k : k * a.ldb + n;
        sum += f64(a.a)[at] * f64(a.b)[bt];
      }
      double& c = f64(a.c)[m * a.ldc + n];
      c = a.alpha * sum + (a.accumulate ? c : 0);
      if (a.bias) c += f64(a.bias)[n];
      if (a.residual) c += f64(a.residual)[m * a.ldc + n];
    }
}

void pack_weights(Context&, const PackWeights&) {}  // packed_bytes is 0: products read the weight itself

}  // namespace flm::oracle
