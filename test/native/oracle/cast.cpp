#include "ops.h"

namespace flm::oracle {
namespace {

double read(In view, int64_t i) {
  switch (view.dtype) {
    case DType::f32:
      return view.as<float>()[i];
    case DType::bf16:
      return to_float(view.as<bf16>()[i]);
    case DType::f64:
      return view.as<double>()[i];
    default:
      fail(ErrorCode::internal, "cast does not read ", name_of(view.dtype));
  }
}

void write(Out view, int64_t i, double value) {
  switch (view.dtype) {
    case DType::f32:
      view.as<float>()[i] = float(value);
      return;
    case DType::bf16:
      view.as<bf16>()[i] = to_bf16(float(value));
      return;
    case DType::f64:
      view.as<double>()[i] = value;
      return;
    default:
      fail(ErrorCode::internal, "cast does not write ", name_of(view.dtype));
  }
}

}  // namespace

void cast(Context&, const Cast& a) {
  for (int64_t i = 0; i < a.n; ++i) write(a.y, i, read(a.x, i));
}

}  // namespace flm::oracle
