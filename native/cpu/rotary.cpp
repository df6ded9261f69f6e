#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/reduce.h"
#include "cpu/vec_math.h"

namespace flm::cpu {
namespace {

// Turns one head by the angles of its position, with every pair scaled by scale(i).
template <class T, class Scale>
inline void turn_head(T* head, const float* cos, const float* sin, float turn, int64_t half,
                      const Scale& scale) {
#pragma GCC ivdep
  for (int64_t i = 0; i < half; ++i) {
    const float factor = scale(i), c = factor * cos[i], s = factor * turn * sin[i];
    const float first = load_float(head[i]), second = load_float(head[i + half]);
    head[i] = round_to<T>(first * c - second * s);
    head[i + half] = round_to<T>(second * c + first * s);
  }
}

template <class T>
inline void scale_head(T* head, float mask, int64_t D) {
  for (int64_t d = 0; d < D; ++d) head[d] = round_to<T>(mask * load_float(head[d]));
}

// Forward and its transpose differ in the sense of the rotation: `turn` is 1 or -1.
template <class T, class Args>
void rotate(Context& context, const Args& a, Out qkv, float turn) {
  const int64_t heads = a.H + 2 * a.G, half = a.D / 2;
  const float *cos = a.cos.template as<float>(), *sin = a.sin.template as<float>();
  const float *zeta = a.zeta.template as<float>(), *head_mask = a.head_mask.template as<float>();
  const int32_t* positions = a.positions.template as<int32_t>();
  const int64_t D = a.D, first_key = a.H, first_value = a.H + a.G;
  parallel_for(context, a.N, rows_per_task(heads * a.D), [=](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t h = 0; h < heads; ++h) {
        T* head = qkv.as<T>() + (n * heads + h) * D;
        const float mask = head_mask ? head_mask[h] : 1.0f;
        if (h >= first_value || !cos) {
          if (head_mask) scale_head(head, mask, D);
          continue;
        }
        const int64_t row = positions[n] * half;
        const float* z = zeta + row;
        if (!zeta) {
          turn_head(head, cos + row, sin + row, turn, half, [=](int64_t) { return mask; });
        } else if (h < first_key) {
          turn_head(head, cos + row, sin + row, turn, half, [=](int64_t i) { return mask * z[i]; });
        } else {
          turn_head(head, cos + row, sin + row, turn, half, [=](int64_t i) { return mask / z[i]; });
        }
      }
    }
  });
}

}  // namespace

void rotary_fwd(Context& context, const RotaryFwd& a) {
  dispatch_float("rotary_fwd", a.qkv.dtype, [&](auto type) { rotate<decltype(type)>(context, a, a.qkv, 1); });
}

void rotary_bwd(Context& context, const RotaryBwd& a) {
  dispatch_float("rotary_bwd", a.dqkv.dtype,
                 [&](auto type) { rotate<decltype(type)>(context, a, a.dqkv, -1); });
}

}  // namespace flm::cpu
