#pragma once
// Typed access that refuses a tensor of another type: in the oracle a wrong type is a mistake of the caller.
#include "core/error.h"
#include "core/tensor.h"

namespace flm::oracle {

template <class T, class View>
auto* checked(const View& view) {
  FLM_CHECK(!view || view.dtype == DTypeOf<T>::value, ErrorCode::internal, "the oracle expects ",
            name_of(DTypeOf<T>::value), " and was given ", name_of(view.dtype));
  return view.template as<T>();
}

inline const double* f64(const In& view) { return checked<double>(view); }
inline double* f64(const Out& view) { return checked<double>(view); }
inline const int32_t* i32(const In& view) { return checked<int32_t>(view); }

// Element i of a mask; a null mask stands for ones.
inline double mask_at(const double* mask, int64_t i) { return mask ? mask[i] : 1.0; }

}  // namespace flm::oracle
