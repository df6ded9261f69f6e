#include "ops.h"
#include "views.h"

namespace flm::oracle {

void embedding_fwd(Context&, const EmbeddingFwd& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    const int64_t row = i32(a.tokens)[n] - a.vocab_start;
    const bool held = row >= 0 && row < a.V;
    for (int64_t c = 0; c < a.C; ++c) {
      double x = held ? a.scale * f64(a.weight)[row * a.C + c] : 0;
      if (a.position_weight) x += f64(a.position_weight)[i32(a.positions)[n] * a.C + c];
      f64(a.x)[n * a.C + c] = x;
    }
  }
}

void embedding_bwd(Context&, const EmbeddingBwd& a) {
  for (int64_t u = 0; u < a.U; ++u)
    for (int64_t c = 0; c < a.C; ++c) {
      double sum = 0;
      for (int64_t j = i32(a.starts)[u]; j < i32(a.starts)[u + 1]; ++j)
        sum += f64(a.dx)[i32(a.order)[j] * a.C + c];
      f64(a.dweight)[i32(a.ids)[u] * a.C + c] += a.scale * sum;
    }
}

}  // namespace flm::oracle
