#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/mask.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

template <class T>
void forward(Context& context, const SwigluFwd& a) {
  const float* mask = mask_or_ones(a.mask, a.F, context.workspace);
  parallel_for(context, a.N, rows_per_task(a.F), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T *gate = a.gate_up.as<T>() + n * 2 * a.F, *up = gate + a.F;
      T* y = a.y.as<T>() + n * a.F;
#pragma GCC ivdep
      for (int64_t f = 0; f < a.F; ++f) {
        const float g = load_float(gate[f]);
        y[f] = round_to<T>(mask[f] * (g * vec_sigmoid(g) * load_float(up[f])));
      }
    }
  });
}

template <class T>
void backward(Context& context, const SwigluBwd& a) {
  const float* mask = mask_or_ones(a.mask, a.F, context.workspace);
  parallel_for(context, a.N, rows_per_task(2 * a.F), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T *gate = a.gate_up.as<T>() + n * 2 * a.F, *up = gate + a.F, *dy = a.dy.as<T>() + n * a.F;
      T *dgate = a.dgate_up.as<T>() + n * 2 * a.F, *dup = dgate + a.F;
      T* y = a.y.as<T>() + n * a.F;
#pragma GCC ivdep
      for (int64_t f = 0; f < a.F; ++f) {
        const float g = load_float(gate[f]), u = load_float(up[f]), d = mask[f] * load_float(dy[f]);
        const float sigmoid = vec_sigmoid(g);
        y[f] = round_to<T>(mask[f] * (g * sigmoid * u));
        dgate[f] = round_to<T>(d * u * (sigmoid * (1 + g * (1 - sigmoid))));
        dup[f] = round_to<T>(d * (g * sigmoid));
      }
    }
  });
}

}  // namespace

size_t workspace_bytes(const Context&, const SwigluFwd& a) { return mask_bytes(a.mask, a.F); }
size_t workspace_bytes(const Context&, const SwigluBwd& a) { return mask_bytes(a.mask, a.F); }

void swiglu_fwd(Context& context, const SwigluFwd& a) {
  dispatch_float("swiglu_fwd", a.gate_up.dtype, [&](auto type) { forward<decltype(type)>(context, a); });
}

void swiglu_bwd(Context& context, const SwigluBwd& a) {
  dispatch_float("swiglu_bwd", a.gate_up.dtype, [&](auto type) { backward<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
