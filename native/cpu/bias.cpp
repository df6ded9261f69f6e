#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

template <class T>
void backward(Context& context, const BiasBwd& a) {
  const RowChunks chunks(a.N);
  float* partial = static_cast<float*>(context.workspace);
  parallel_for(context, a.N, chunks.rows, [=](int64_t begin, int64_t end) {
    float* sum = partial + begin / chunks.rows * a.C;
    std::fill_n(sum, a.C, 0.0f);
    for (int64_t n = begin; n < end; ++n) {
      const T* dy = a.dy.as<T>() + n * a.ldy;
#pragma GCC ivdep
      for (int64_t c = 0; c < a.C; ++c) sum[c] += load_float(dy[c]);
    }
  });
  add_partial_sums(context, a.dbias.as<float>(), partial, chunks.count, a.C);
}

}  // namespace

size_t workspace_bytes(const Context&, const BiasBwd& a) {
  return size_t(RowChunks(a.N).count * a.C) * sizeof(float);
}

void bias_bwd(Context& context, const BiasBwd& a) {
  dispatch_float("bias_bwd", a.dy.dtype, [&](auto type) { backward<decltype(type)>(context, a); });
}

}  // namespace flm::cpu
