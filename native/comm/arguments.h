#pragma once
// What a communicator of several ranks refuses, before anything is enqueued.
#include "comm/communicator.h"
#include "comm/operation.h"
#include "core/error.h"

namespace flm {

inline void check_group_rank(const Communicator& group, int rank) {
  FLM_CHECK(rank >= 0 && rank < group.size(), ErrorCode::invalid_argument, "rank ", rank, " is not in ",
            group.name(), ", a group of ", group.size());
}

inline void check_peer(const Communicator& group, int peer) {
  check_group_rank(group, peer);
  FLM_CHECK(peer != group.rank(), ErrorCode::invalid_argument, "rank ", peer, " of ", group.name(),
            " sends to or receives from itself");
}

inline void check_same_type(DType a, DType b) {
  FLM_CHECK(a == b, ErrorCode::invalid_argument, "a collective between ", name_of(a), " and ", name_of(b));
}

inline void check_reducible(DType dtype) {
  FLM_CHECK(dtype != DType::u8 && dtype != DType::i8, ErrorCode::invalid_argument, name_of(dtype),
            " is moved, not reduced; reduce f32, bf16, f64 or i32");
}

// An operation whose sequence number is not known yet. Throws Error(invalid_argument) for a negative n.
inline Operation make_operation(Verb verb, int64_t n, DType dtype, ReduceOp reduce = ReduceOp::sum,
                                int root = -1) {
  FLM_CHECK(n >= 0, ErrorCode::invalid_argument, "a collective of ", n, " elements");
  Operation operation;
  operation.count = n;
  operation.root = root;
  operation.verb = verb;
  operation.dtype = dtype;
  operation.reduce = reduce;
  return operation;
}

}  // namespace flm
