#pragma once
#include "comm/communicator.h"
#include "comm/nccl/api.h"
#include "core/error.h"

namespace flm::nccl {

inline DataType data_type_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return kFloat32;
    case DType::bf16:
      return kBfloat16;
    case DType::f64:
      return kFloat64;
    case DType::i32:
      return kInt32;
    case DType::u8:
    case DType::i8:  // never reduced
      return kUint8;
  }
  fail(ErrorCode::internal, "NCCL has no such type");
}

inline Reduction reduction_of(ReduceOp op) { return op == ReduceOp::max ? kMax : kSum; }

}  // namespace flm::nccl
