#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ops.h"
#include "views.h"

namespace flm::oracle {
namespace {

double dot(const double* a, const double* b, int64_t size) {
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled(double* to, double factor, const double* from, int64_t size) {
  for (int64_t i = 0; i < size; ++i) to[i] += factor * from[i];
}

// Calls visit(h, g, i, first) for every query head h with its key/value head g, and every token i with the
// first token of its segment: i attends to first..i.
template <class Args, class Visit>
void for_each_query(const Args& a, Visit&& visit) {
  const int32_t* starts = i32(a.segment_starts);
  for (int64_t h = 0; h < a.H; ++h)
    for (int64_t s = 0; s < a.num_segments; ++s)
      for (int64_t i = starts[s]; i < starts[s + 1]; ++i) visit(h, h / (a.H / a.G), i, int64_t(starts[s]));
}

}  // namespace

void attention_fwd(Context&, const AttentionFwd& a) {
  std::vector<double> scores(size_t(a.N));
  for_each_query(a, [&](int64_t h, int64_t g, int64_t i, int64_t first) {
    const double* q = f64(a.q) + i * a.qkv_stride + h * a.D;
    double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t j = first; j <= i; ++j) {
      scores[j] = a.scale * dot(q, f64(a.k) + j * a.qkv_stride + g * a.D, a.D);
      maximum = std::max(maximum, scores[j]);
    }
    for (int64_t j = first; j <= i; ++j) sum += std::exp(scores[j] - maximum);
    const double lse = maximum + std::log(sum);
    f64(a.lse)[h * a.N + i] = lse;
    double* o = f64(a.o) + (i * a.H + h) * a.D;
    std::fill_n(o, a.D, 0.0);
    for (int64_t j = first; j <= i; ++j)
      add_scaled(o, std::exp(scores[j] - lse), f64(a.v) + j * a.qkv_stride + g * a.D, a.D);
  });
}

void attention_bwd(Context&, const AttentionBwd& a) {
  for (int64_t i = 0; i < a.N; ++i) {
    std::fill_n(f64(a.dq) + i * a.qkv_stride, a.H * a.D, 0.0);
    std::fill_n(f64(a.dk) + i * a.qkv_stride, a.G * a.D, 0.0);
    std::fill_n(f64(a.dv) + i * a.qkv_stride, a.G * a.D, 0.0);
  }
  for_each_query(a, [&](int64_t h, int64_t g, int64_t i, int64_t first) {
    const int64_t query = i * a.qkv_stride + h * a.D, out = (i * a.H + h) * a.D;
    const double *q = f64(a.q) + query, *dout = f64(a.dout) + out;
    const double delta = dot(dout, f64(a.o) + out, a.D);
    for (int64_t j = first; j <= i; ++j) {
      const int64_t key = j * a.qkv_stride + g * a.D;
      const double *k = f64(a.k) + key, *v = f64(a.v) + key;
      const double p = std::exp(a.scale * dot(q, k, a.D) - f64(a.lse)[h * a.N + i]);
      const double dscore = p * (dot(dout, v, a.D) - delta);
      add_scaled(f64(a.dq) + query, a.scale * dscore, k, a.D);
      add_scaled(f64(a.dk) + key, a.scale * dscore, q, a.D);
      add_scaled(f64(a.dv) + key, p, dout, a.D);
    }
  });
}

}  // namespace flm::oracle
