#pragma once
#include <vector>

#include "comm/host/collectives.h"
#include "comm/host/mesh.h"

namespace flm::host {

// Ranks of several hosts. Each rank gets every rank's contribution to its share and adds them up in rank
// order, so that the bits are those of one host, however the ranks lie. What that costs: a rank sends its
// data (n - 1) / n times and each share's sum to all, 2 (n - 1) / n of the data in all, as a ring does; but
// it talks to all n - 1 ranks, also to those of its own host, and small messages go to everybody. Meant for
// up to eight hosts.
class MessageCollectives final : public Collectives {
 public:
  // `members`: the world's ranks of the group.
  MessageCollectives(Mesh& mesh, uint64_t group, int rank, std::vector<int> members)
      : mesh_(mesh), group_(group), rank_(rank), members_(std::move(members)) {}

  void all_reduce(const Call& call, void* data) override;
  void all_gather(const Call& call, void* all, const void* own) override;
  void reduce_scatter(const Call& call, void* own, const void* all) override;
  void broadcast(const Call& call, void* data) override;
  void barrier(const Call& call) override;

 private:
  int size() const { return int(members_.size()); }
  void send(const Call& call, Channel channel, int to, const void* data, size_t bytes);
  Message receive(const Call& call, Channel channel, int from);
  // All contributions to `own`'s share, reduced in rank order into `out`.
  void reduce_received(const Call& call, const void* own, void* out, int64_t n);
  void all_reduce_small(const Call& call, void* data);

  Mesh& mesh_;
  uint64_t group_;
  int rank_;
  std::vector<int> members_;
};

}  // namespace flm::host
