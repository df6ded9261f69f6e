#include <type_traits>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

constexpr int64_t kBlock = 1024;  // columns summed at a time

// W: what the weights are in memory; each is rounded to T where it is wider.
template <class T, class W>
void forward(Context& context, const EmbeddingFwd& a) {
  const auto read = [](W weight) {
    return std::is_same_v<T, W> ? load_float(weight) : load_float(round_to<T>(load_float(weight)));
  };
  parallel_for(context, a.N, rows_per_task(a.C), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      T* x = a.x.as<T>() + n * a.C;
      const int64_t id = a.tokens.as<int32_t>()[n] - a.vocab_start;
      const bool held = id >= 0 && id < a.V;
      const float scale = float(a.scale);
      const W* token = a.weight.as<W>() + (held ? id : 0) * a.C;
      if (!a.position_weight) {
        if (held)
          for (int64_t c = 0; c < a.C; ++c) x[c] = round_to<T>(scale * read(token[c]));
        else
          std::fill_n(x, a.C, round_to<T>(0.0f));
        continue;
      }
      const W* position = a.position_weight.as<W>() + a.positions.as<int32_t>()[n] * a.C;
      if (held)
        for (int64_t c = 0; c < a.C; ++c) x[c] = round_to<T>(scale * read(token[c]) + read(position[c]));
      else
        for (int64_t c = 0; c < a.C; ++c) x[c] = round_to<T>(read(position[c]));
    }
  });
}

// dweight[0..width) += scale * the sum of the rows of dx that `order` names.
template <class T>
inline void add_rows(float* dweight, const T* dx, int64_t stride, const int32_t* order, int64_t count,
                     int64_t width, float scale) {
  float sum[kBlock] = {};
  for (int64_t j = 0; j < count; ++j) {
    const T* row = dx + order[j] * stride;
    for (int64_t c = 0; c < width; ++c) sum[c] += load_float(row[c]);
  }
  for (int64_t c = 0; c < width; ++c) dweight[c] += scale * sum[c];
}

template <class T>
void backward(Context& context, const EmbeddingBwd& a) {
  // Frequent tokens tend to have neighbouring ids: every stripe takes one id in kStripes.
  constexpr int64_t kStripes = 64;
  const int32_t *starts = a.starts.as<int32_t>(), *order = a.order.as<int32_t>(), *ids = a.ids.as<int32_t>();
  parallel_for(context, kStripes, 1, [=](int64_t stripe, int64_t) {
    for (int64_t u = stripe; u < a.U; u += kStripes)
      for (int64_t column = 0; column < a.C; column += kBlock)
        add_rows(a.dweight.as<float>() + ids[u] * a.C + column, a.dx.as<T>() + column, a.C, order + starts[u],
                 starts[u + 1] - starts[u], std::min(kBlock, a.C - column), float(a.scale));
  });
}

}  // namespace

void embedding_fwd(Context& context, const EmbeddingFwd& a) {
  const DType wide = a.weight.dtype == DType::f32 ? DType::f32 : a.x.dtype;
  expect("embedding_fwd", a.weight.dtype, wide);
  if (a.position_weight) expect("embedding_fwd", a.position_weight.dtype, wide);
  dispatch_float("embedding_fwd", a.x.dtype, [&](auto type) {
    dispatch_float("embedding_fwd", wide,
                   [&](auto weight) { forward<decltype(type), decltype(weight)>(context, a); });
  });
}

void embedding_bwd(Context& context, const EmbeddingBwd& a) {
  dispatch_float("embedding_bwd", a.dx.dtype, [&](auto type) { backward<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
