#pragma once
#include <cstddef>

#include "comm/host/call.h"

namespace flm::host {

// The verbs of one group over host memory, done when they return. Counts, types and the root stand in the
// call; two calls never run at the same time. They throw WaitTimeout, Mismatch or the fault.
class Collectives {
 public:
  virtual ~Collectives() = default;
  virtual void all_reduce(const Call& call, void* data) = 0;
  virtual void all_gather(const Call& call, void* all, const void* own) = 0;
  virtual void reduce_scatter(const Call& call, void* own, const void* all) = 0;
  virtual void broadcast(const Call& call, void* data) = 0;
  virtual void barrier(const Call& call) = 0;
};

// The n elements that rank `index` of `size` reduces begin here; for index == size, their end.
constexpr int64_t share_begin(int64_t n, int index, int size) { return n * index / size; }

}  // namespace flm::host
