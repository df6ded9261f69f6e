#include <algorithm>
#include <cmath>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/reduce.h"

namespace flm::cpu {
namespace {

constexpr int64_t kGrain = 16384;

int64_t count_chunks(int64_t size) { return (size + kGrain - 1) / kGrain; }

}  // namespace

// One sum for each chunk of each tensor.
size_t workspace_bytes(const Context&, const NormSquared& a) {
  int64_t chunks = 0;
  for (int64_t t = 0; t < a.count; ++t) chunks += count_chunks(a.sizes[t]);
  return size_t(chunks) * sizeof(double);
}

void norm_squared(Context& context, const NormSquared& a) {
  expect("norm_squared", a.total.dtype, DType::f64);
  double* sums = static_cast<double*>(context.workspace);
  int64_t chunks = 0;
  for (int64_t t = 0; t < a.count; ++t) {
    expect("norm_squared", a.tensors[t].dtype, DType::f32);
    const float* values = a.tensors[t].as<float>();
    double* tensor_sums = sums + chunks;
    parallel_for(context, a.sizes[t], kGrain, [=](int64_t begin, int64_t end) {
      tensor_sums[begin / kGrain] = lane_sum<double>(
          end - begin, [=](int64_t i) { return double(values[begin + i]) * double(values[begin + i]); });
    });
    chunks += count_chunks(a.sizes[t]);
  }
  double total = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) total += sums[chunk];
  *a.total.as<double>() = total;
}

void clip(Context&, const Clip& a) {
  expect("clip", a.control.dtype, DType::f32);
  const double norm = std::sqrt(*a.norm_squared.as<double>());
  const bool apply = std::isfinite(norm);
  const double factor = a.max_norm > 0 ? std::min(1.0, a.max_norm / (norm + 1e-6)) : 1.0;
  a.control.as<float>()[0] = apply ? float(factor) : 0.0f;
  a.control.as<float>()[1] = apply ? 1.0f : 0.0f;
}

}  // namespace flm::cpu
