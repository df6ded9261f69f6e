#pragma once
#include <memory>
#include <vector>

#include "comm/host/collectives.h"
#include "comm/host/segment.h"

namespace flm::host {

// Ranks of one host. Data goes window by window through the segment; several windows are under way at a time.
class SharedCollectives final : public Collectives {
 public:
  // `members`: the world's ranks of the group, for messages.
  SharedCollectives(std::unique_ptr<Segment> segment, int rank, std::vector<int> members)
      : segment_(std::move(segment)), rank_(rank), members_(std::move(members)) {}

  void all_reduce(const Call& call, void* data) override;
  void all_gather(const Call& call, void* all, const void* own) override;
  void reduce_scatter(const Call& call, void* own, const void* all) override;
  void broadcast(const Call& call, void* data) override;
  void barrier(const Call& call) override;

 private:
  struct Stages;
  void stream(const Call& call, int64_t windows, const Stages& stages);
  void await_all(Counter RankState::* counter, uint32_t target, const Call& call);
  void check_operations(const Call& call);
  void publish(Counter RankState::* counter, uint32_t value);
  int size() const { return segment_->size(); }
  // Where each rank's contribution begins, in rank order, `offset` bytes into its slot.
  std::vector<const void*> contributions(uint32_t window, size_t offset);

  std::unique_ptr<Segment> segment_;
  int rank_;
  std::vector<int> members_;
  uint32_t next_window_ = 0;  // of all collectives of the group
};

}  // namespace flm::host
