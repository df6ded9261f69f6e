#include "ops.h"
#include "views.h"

namespace flm::oracle {

void kv_append(Context&, const KvAppend& a) {
  for (int64_t n = 0; n < a.N; ++n)
    for (int64_t i = 0; i < a.G * a.D; ++i) {
      const int64_t slot = i32(a.slots)[n];
      f64(a.k_cache)[slot * a.G * a.D + i] = f64(a.k)[n * a.kv_stride + i];
      f64(a.v_cache)[slot * a.G * a.D + i] = f64(a.v)[n * a.kv_stride + i];
    }
}

}  // namespace flm::oracle
