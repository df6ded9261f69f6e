#pragma once
// Typed views: a pointer and its element type, never an owner. Shapes and strides stand in the argument
// structs of core/ops.
#include "core/dtype.h"

namespace flm {

struct In {
  const void* data = nullptr;
  DType dtype = DType::f32;

  template <class T>
  FLM_HD const T* as() const {
    return static_cast<const T*>(data);
  }
  FLM_HD explicit operator bool() const { return data != nullptr; }
  // The view that begins `elements` further on.
  FLM_HD In at(int64_t elements) const {
    return {static_cast<const char*>(data) + elements * int64_t(size_of(dtype)), dtype};
  }
};

struct Out {
  void* data = nullptr;
  DType dtype = DType::f32;

  template <class T>
  FLM_HD T* as() const {
    return static_cast<T*>(data);
  }
  FLM_HD explicit operator bool() const { return data != nullptr; }
  FLM_HD operator In() const { return {data, dtype}; }
  FLM_HD Out at(int64_t elements) const {
    return {static_cast<char*>(data) + elements * int64_t(size_of(dtype)), dtype};
  }
};

}  // namespace flm
