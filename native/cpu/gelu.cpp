#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/mask.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

// gelu(x) = x * half_tanh(x), with half_tanh = (1 + tanh(u)) / 2 and u = sqrt(2/pi) (x + 0.044715 x^3). That
// factor is the sigmoid of 2u.
constexpr float kLinear = 2 * 0.7978845608f;
constexpr float kCubic = kLinear * 0.044715f;

template <class T>
void forward(Context& context, const GeluFwd& a) {
  const float* mask = mask_or_ones(a.mask, a.F, context.workspace);
  parallel_for(context, a.N, rows_per_task(a.F), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T* in = a.x.as<T>() + n * a.F;
      T* y = a.y.as<T>() + n * a.F;
#pragma GCC ivdep
      for (int64_t f = 0; f < a.F; ++f) {
        const float x = mask[f] * load_float(in[f]), square = x * x;
        y[f] = round_to<T>(x * vec_sigmoid(x * (kLinear + kCubic * square)));
      }
    }
  });
}

template <class T>
void backward(Context& context, const GeluBwd& a) {
  const float* mask = mask_or_ones(a.mask, a.F, context.workspace);
  parallel_for(context, a.N, rows_per_task(a.F), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const T *in = a.x.as<T>() + n * a.F, *dy = a.dy.as<T>() + n * a.F;
      T* dx = a.dx.as<T>() + n * a.F;
      T* y = a.y.as<T>() + n * a.F;
#pragma GCC ivdep
      for (int64_t f = 0; f < a.F; ++f) {
        const float x = mask[f] * load_float(in[f]), square = x * x;
        const float s = vec_sigmoid(x * (kLinear + kCubic * square));
        y[f] = round_to<T>(x * s);
        const float slope = s + s * (1 - s) * (x * (kLinear + 3 * kCubic * square));
        dx[f] = round_to<T>(load_float(dy[f]) * mask[f] * slope);
      }
    }
  });
}

}  // namespace

size_t workspace_bytes(const Context&, const GeluFwd& a) { return mask_bytes(a.mask, a.F); }
size_t workspace_bytes(const Context&, const GeluBwd& a) { return mask_bytes(a.mask, a.F); }

void gelu_fwd(Context& context, const GeluFwd& a) {
  dispatch_float("gelu_fwd", a.x.dtype, [&](auto type) { forward<decltype(type)>(context, a); });
}

void gelu_bwd(Context& context, const GeluBwd& a) {
  dispatch_float("gelu_bwd", a.x.dtype, [&](auto type) { backward<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
