#include <cmath>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/parallel.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

template <class Moment, class Working>
void update(Context& context, const Adamw& a, const AdamwTensor& tensor) {
  const float factor = a.control.as<float>()[0], lr = float(tensor.lr), decay = float(tensor.weight_decay);
  const float beta1 = float(a.beta1), beta2 = float(a.beta2), eps = float(a.eps);
  const float keep1 = float(1 - a.beta1), keep2 = float(1 - a.beta2);
  const float correct1 = float(1 / tensor.bias_correction1), correct2 = float(1 / tensor.bias_correction2);
  float* master = tensor.master.as<float>();
  Moment *exp_avg = tensor.exp_avg.as<Moment>(), *exp_avg_sq = tensor.exp_avg_sq.as<Moment>();
  const float* grad = tensor.grad.as<float>();
  Working* working = tensor.working.as<Working>();
  parallel_for(context, tensor.size, 16384, [=](int64_t begin, int64_t end) {
    const auto step = [=](int64_t i) {
      const float g = factor * grad[i];
      const float m = beta1 * load_float(exp_avg[i]) + keep1 * g;
      const float v = beta2 * load_float(exp_avg_sq[i]) + keep2 * g * g;
      const float direction = m * correct1 / (std::sqrt(v * correct2) + eps);
      const float p = master[i] - lr * (direction + decay * master[i]);
      exp_avg[i] = round_to<Moment>(m);
      exp_avg_sq[i] = round_to<Moment>(v);
      master[i] = p;
      return p;
    };
    if (working) {
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i) working[i] = round_to<Working>(step(i));
    } else {
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i) step(i);
    }
  });
}

}  // namespace

void adamw(Context& context, const Adamw& a) {
  expect("adamw", a.control.dtype, DType::f32);
  if (a.control.as<float>()[1] == 0) return;
  for (int64_t t = 0; t < a.count; ++t) {
    const AdamwTensor& tensor = a.tensors[t];
    expect("adamw", tensor.master.dtype, DType::f32);
    dispatch_float("adamw", tensor.exp_avg.dtype, [&](auto moment) {
      dispatch_float("adamw", tensor.working ? tensor.working.dtype : DType::f32,
                     [&](auto working) { update<decltype(moment), decltype(working)>(context, a, tensor); });
    });
  }
}

}  // namespace flm::cpu
