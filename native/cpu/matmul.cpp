#include <algorithm>

#include "cpu/cpu_ops.h"
#include "cpu/dispatch.h"
#include "cpu/gemm.h"
#include "cpu/gemm_kernels.h"

namespace flm::cpu {
namespace {

void check_int8(const Matmul& args) {
  FLM_CHECK(args.transpose_b && !args.transpose_a, ErrorCode::invalid_argument,
            "matmul: an int8 b is (N, K) with transpose_b, and a is not transposed");
  FLM_CHECK(args.b_scales, ErrorCode::invalid_argument, "matmul: an int8 b needs b_scales");
  expect("matmul", args.b_scales.dtype, DType::f32);
}

void check(const Matmul& args) {
  const bool is_int8 = args.b.dtype == DType::i8;
  if (is_int8) check_int8(args);
  for (const DType dtype : {args.a.dtype, is_int8 ? args.a.dtype : args.b.dtype, args.c.dtype}) {
    if (dtype != DType::f32 && dtype != DType::bf16) unsupported("matmul", dtype);
  }
  FLM_CHECK(is_int8 || args.a.dtype == args.b.dtype || args.b.dtype == DType::f32,
            ErrorCode::invalid_argument, "matmul: a is ", name_of(args.a.dtype), " and b is ",
            name_of(args.b.dtype), "; give b the type of a, or f32");
  FLM_CHECK(!args.accumulate || (!args.bias && !args.residual), ErrorCode::invalid_argument,
            "matmul: accumulate allows neither bias nor residual");
  if (args.bias) expect("matmul", args.bias.dtype, DType::f32);
  if (args.residual) expect("matmul", args.residual.dtype, args.c.dtype);
}

}  // namespace

void matmul(Context& context, const Matmul& args) {
  check(args);
  if (args.M == 0 || args.N == 0) return;
  if (args.M <= kMaxSkinnyRows) {
    gemm_skinny(context, args);
  } else {
    gemm(context, args);
  }
}

size_t workspace_bytes(const Context& context, const Matmul& args) {
  if (args.M <= kMaxSkinnyRows) return gemm_skinny_workspace(args);
  // What is enough for many rows is enough for fewer: also for the few that are multiplied in the other way.
  Matmul few = args;
  few.M = kMaxSkinnyRows;
  return std::max(gemm_workspace(context, args), gemm_skinny_workspace(few));
}

}  // namespace flm::cpu
