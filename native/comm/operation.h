#pragma once
#include <cstdint>
#include <string>

#include "comm/communicator.h"

namespace flm {

enum class Verb : uint8_t { all_reduce, all_gather, reduce_scatter, broadcast, send, recv, barrier, split };

// What one rank asks for. The ranks of a collective compare theirs, so it has no padding: it crosses sockets
// and shared memory as it lies.
struct Operation {
  uint64_t sequence = 0;  // n-th collective of the group, or n-th message to (from) one peer
  int64_t count = 0;      // elements, as the verb's `n`
  int32_t root = -1;      // broadcast: its root; send, recv: the peer (ranks of the group)
  Verb verb = Verb::barrier;
  DType dtype = DType::u8;
  ReduceOp reduce = ReduceOp::sum;
  uint8_t unused = 0;

  bool operator==(const Operation&) const = default;
  uint64_t bytes() const { return uint64_t(count) * size_of(dtype); }
};
static_assert(sizeof(Operation) == 24);

// "all_reduce #12 of 100 f32 (400 bytes, sum)"
std::string describe(const Operation& operation);

}  // namespace flm
