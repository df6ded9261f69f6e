#include "ops.h"
#include "views.h"

namespace flm::oracle {

void bias_bwd(Context&, const BiasBwd& a) {
  for (int64_t n = 0; n < a.N; ++n)
    for (int64_t c = 0; c < a.C; ++c) f64(a.dbias)[c] += f64(a.dy)[n * a.ldy + c];
}

}  // namespace flm::oracle
