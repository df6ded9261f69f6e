#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

template <class T>
void compute(Context& context, const Axpby& a) {
  const T *x = a.x.as<T>(), *z = a.z.as<T>();
  T* y = a.y.as<T>();
  const float alpha = float(a.alpha), beta = float(a.beta);
  parallel_for(context, a.n, 16384, [=](int64_t begin, int64_t end) {
    if (z) {
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i)
        y[i] = round_to<T>(alpha * load_float(x[i]) + beta * load_float(z[i]));
    } else {
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i) y[i] = round_to<T>(alpha * load_float(x[i]));
    }
  });
}

}  // namespace

void axpby(Context& context, const Axpby& a) {
  dispatch_float("axpby", a.y.dtype, [&](auto type) { compute<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
