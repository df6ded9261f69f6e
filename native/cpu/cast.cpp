#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {

void cast(Context& context, const Cast& a) {
  dispatch_float("cast", a.x.dtype, [&](auto from) {
    dispatch_float("cast", a.y.dtype, [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      const From* x = a.x.as<From>();
      To* y = a.y.as<To>();
      parallel_for(context, a.n, 16384, [=](int64_t begin, int64_t end) {
#pragma GCC ivdep
        for (int64_t i = begin; i < end; ++i) y[i] = round_to<To>(load_float(x[i]));
      });
    });
  });
}

}  // namespace flm::cpu
