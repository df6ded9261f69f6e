#pragma once
#include "core/error.h"
#include "core/ops/matmul.h"

namespace flm::cuda {

// Throws Error(invalid_argument or not_supported) for products that the CUDA backend does not compute.
inline void check_matmul(const Matmul& a) {
  FLM_CHECK(a.b.dtype != DType::i8, ErrorCode::not_supported,
            "matmul: int8 weights are for the CPU; on CUDA hold them in bf16 or f32");
  FLM_CHECK(a.a.dtype == a.b.dtype, ErrorCode::invalid_argument, "matmul: a is ", name_of(a.a.dtype),
            " and b ", name_of(a.b.dtype));
  const bool f32 = a.a.dtype == DType::f32 && a.c.dtype == DType::f32;
  const bool bf16 = a.a.dtype == DType::bf16 && (a.c.dtype == DType::f32 || a.c.dtype == DType::bf16);
  FLM_CHECK(f32 || bf16, ErrorCode::not_supported,
            "matmul on CUDA takes f32 to f32, bf16 to f32 or bf16 to bf16, ", "not ", name_of(a.a.dtype),
            " to ", name_of(a.c.dtype));
  FLM_CHECK(!a.bias || a.bias.dtype == DType::f32, ErrorCode::not_supported,
            "matmul on CUDA takes a bias in f32, not ", name_of(a.bias.dtype));
  FLM_CHECK(!a.residual || (a.residual.dtype == a.c.dtype && a.residual.data != a.c.data),
            ErrorCode::invalid_argument, "matmul: residual must have c's type and memory of its own");
  FLM_CHECK(!a.accumulate || (!a.bias && !a.residual), ErrorCode::invalid_argument,
            "matmul: accumulate excludes bias and residual");
  FLM_CHECK(a.K > 0, ErrorCode::invalid_argument, "matmul: K must be positive, not ", a.K);
}

}  // namespace flm::cuda
