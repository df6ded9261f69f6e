#pragma once
// From the types and addresses in an op's arguments to the instance of its kernel.
#include <cstdint>
#include <initializer_list>

#include "core/error.h"
#include "core/tensor.h"
#include "cuda/elements.cuh"

namespace flm::cuda {

// Statistics, parameters and their gradients are f32 here; f64 exists for the test oracle only.
inline void check_stat(const char* op, std::initializer_list<In> views) {
  for (const In& view : views)
    FLM_CHECK(!view || view.dtype == DType::f32, ErrorCode::not_supported, op,
              " on CUDA keeps statistics and parameters in f32, not ", name_of(view.dtype));
}

inline void check_type(const char* op, DType wanted, std::initializer_list<In> views) {
  for (const In& view : views)
    FLM_CHECK(!view || view.dtype == wanted, ErrorCode::invalid_argument, op, ": expected ", name_of(wanted),
              ", got ", name_of(view.dtype));
}

// run.operator()<T>() with T the device type of `compute`.
template <class Run>
void with_type(const char* op, DType compute, Run&& run) {
  switch (compute) {
    case DType::f32:
      return run.template operator()<float>();
    case DType::bf16:
      return run.template operator()<bf16>();
    default:
      fail(ErrorCode::not_supported, op, " on CUDA computes in f32 or bf16, not ", name_of(compute));
  }
}

// True when all views begin on 16-byte boundaries and so does each row of theirs.
inline bool vectorizable(size_t element_bytes, std::initializer_list<int64_t> row_lengths,
                         std::initializer_list<In> views) {
  for (const int64_t length : row_lengths)
    if (length * int64_t(element_bytes) % 16 != 0) return false;
  for (const In& view : views)
    if (reinterpret_cast<uintptr_t>(view.data) % 16 != 0) return false;
  return true;
}

// run.operator()<T, width>(): width is 16 bytes of T where every row allows it, else one element.
template <class Run>
void with_type_and_width(const char* op, DType compute, std::initializer_list<int64_t> row_lengths,
                         std::initializer_list<In> views, Run&& run) {
  with_type(op, compute, [&]<class T>() {
    if (vectorizable(sizeof(T), row_lengths, views))
      run.template operator()<T, int(16 / sizeof(T))>();
    else
      run.template operator()<T, 1>();
  });
}

}  // namespace flm::cuda
