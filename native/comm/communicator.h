#pragma once
// What the ranks of one group do together. Every verb is enqueued on a stream; data is on the group's device.
// A reduction adds in rank order (bf16 in f32, rounded once), so that its bits are equal on every rank and in
// every run; NCCL's order is its own, and the bits are equal on every rank. f32, bf16, f64 and i32 are
// reduced; u8 is only moved. All ranks call a group's verbs in one order, and wait for one stream before they
// use another. After an error, or abort(), every call throws.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/device.h"
#include "core/tensor.h"

namespace flm {

enum class ReduceOp : uint8_t { sum, max };

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // For messages: "world", "world/1" for a group split from it.
  const std::string& name() const { return name_; }

  // data (n) = the reduction over all ranks, on all ranks.
  virtual void all_reduce(Out data, int64_t n, ReduceOp op, Stream stream) = 0;
  // all (size * n) = every rank's `own` (n), in rank order; own may lie at its place in all.
  virtual void all_gather(Out all, In own, int64_t n, Stream stream) = 0;
  // own (n) = this rank's part of the sum of `all` (size * n); own may lie at its place in all.
  virtual void reduce_scatter(Out own, In all, int64_t n, Stream stream) = 0;
  virtual void broadcast(Out data, int64_t n, int root, Stream stream) = 0;
  // Messages from one rank to another have a queue of their own, which copies them aside: they arrive in the
  // order of their sends, a send never waits for its recv, nor does anything behind it on the stream, and
  // what was sent may change as soon as the stream has passed it. Pipelines whose ranks form a ring need
  // that (lib/parallel/simulate.ts).
  virtual void send(In data, int64_t n, int to, Stream stream) = 0;
  virtual void recv(Out data, int64_t n, int from, Stream stream) = 0;
  // Opens what collectives need now, and not at the first of them: before others fill the device's memory.
  // Collective, and not enqueued.
  virtual void connect() {}
  // Returns when every rank has called it. Not enqueued: first synchronize a stream that carries verbs.
  virtual void barrier() = 0;

  // Ranks with the same colour form a group, ordered by key, then by rank; a rank with a negative colour
  // takes part in the call and gets nullptr. Collective, and not enqueued.
  virtual std::unique_ptr<Communicator> split(int colour, int key) = 0;
  // Ends every wait of this rank, in this group and all others that come from the same world, with
  // Error(comm_peer_lost); the other ranks are told. From any thread.
  virtual void abort() noexcept = 0;
  // Throws this rank's first error, if there is one. For work that is enqueued and fails later: what it left
  // behind is of no use then. Nothing by default, as where the verbs' jobs throw themselves.
  virtual void check() const {}
  // The newest operations of this rank, one line each, oldest first; empty where nothing is recorded.
  virtual std::string flight_record() const { return {}; }

 protected:
  explicit Communicator(std::string name = "world") : name_(std::move(name)) {}

 private:
  std::string name_;
};

}  // namespace flm
