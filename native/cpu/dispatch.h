#pragma once
// From a run-time dtype to a C++ type.
#include "core/dtype.h"
#include "core/error.h"

namespace flm::cpu {

[[noreturn]] inline void unsupported(const char* op, DType dtype) {
  fail(ErrorCode::not_supported, op, ": the CPU backend computes in f32 and bf16, not in ", name_of(dtype),
       "; convert the tensor or choose precision f32 or bf16");
}

// Calls f(float{}) or f(bf16{}). Throws Error(not_supported) naming the op for any other type.
template <class F>
void dispatch_float(const char* op, DType dtype, F&& f) {
  if (dtype == DType::f32) return f(float{});
  if (dtype == DType::bf16) return f(bf16{});
  unsupported(op, dtype);
}

// For arguments that must be of one type.
inline void expect(const char* op, DType dtype, DType expected) {
  if (dtype != expected) unsupported(op, dtype);
}

}  // namespace flm::cpu
