#pragma once
// What the ranks of one group do together. Every verb is enqueued on a stream; data is on the group's device.
// A reduction adds in rank order, so that its bits repeat. After an error, or abort(), every call throws.
#include <cstdint>
#include <memory>

#include "core/device.h"
#include "core/tensor.h"

namespace flm {

enum class ReduceOp { sum, max };

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // data (n) = the reduction over all ranks, on all ranks.
  virtual void all_reduce(Out data, int64_t n, ReduceOp op, Stream stream) = 0;
  // all (size * n) = every rank's `own` (n), in rank order; own may lie at its place in all.
  virtual void all_gather(Out all, In own, int64_t n, Stream stream) = 0;
  // own (n) = this rank's part of the sum of `all` (size * n); own may lie at its place in all.
  virtual void reduce_scatter(Out own, In all, int64_t n, Stream stream) = 0;
  virtual void broadcast(Out data, int64_t n, int root, Stream stream) = 0;
  virtual void send(In data, int64_t n, int to, Stream stream) = 0;
  virtual void recv(Out data, int64_t n, int from, Stream stream) = 0;
  // Returns when every rank has called it.
  virtual void barrier() = 0;

  // Ranks with the same colour form a group, ordered by key, then by rank. Collective.
  virtual std::unique_ptr<Communicator> split(int colour, int key) = 0;
  // Ends every wait of this rank with Error(comm_peer_lost); from any thread.
  virtual void abort() noexcept = 0;
};

}  // namespace flm
