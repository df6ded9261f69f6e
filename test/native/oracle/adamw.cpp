#include <cmath>

#include "ops.h"
#include "views.h"

namespace flm::oracle {

void adamw(Context&, const Adamw& a) {
  const double factor = f64(a.control)[0];
  if (f64(a.control)[1] == 0) return;
  for (int64_t t = 0; t < a.count; ++t) {
    const AdamwTensor& tensor = a.tensors[t];
    for (int64_t i = 0; i < tensor.size; ++i) {
      double &p = f64(tensor.master)[i], &m = f64(tensor.exp_avg)[i], &v = f64(tensor.exp_avg_sq)[i];
      const double g = factor * f64(tensor.grad)[i];
      m = a.beta1 * m + (1 - a.beta1) * g;
      v = a.beta2 * v + (1 - a.beta2) * g * g;
      const double m_hat = m / tensor.bias_correction1, v_hat = v / tensor.bias_correction2;
      p -= tensor.lr * (m_hat / (std::sqrt(v_hat) + a.eps) + tensor.weight_decay * p);
      if (tensor.working) f64(tensor.working)[i] = p;
    }
  }
}

}  // namespace flm::oracle
