#pragma once
#include <functional>
#include <vector>

#include "engine/lane_group.h"
#include "engine/spec.h"

namespace flm {

// Writes the continuations of several sequences at once, with a key/value cache. Of ranks that share a model
// each has one, and all sample the same tokens from the same logits.
class Generator {
 public:
  Generator(const Backend& backend, const ModelPart& part, DType compute, int64_t lanes);

  int64_t lanes() const { return int64_t(sequences_.size()); }
  // `check` throws when cancelled.
  GenerateReport generate(const GenerateInput& input, const WithRun& with_run,
                          const std::function<void()>& check);

  // The same passes once, for measuring the memory they need.
  void measure(const Run& run) const { groups_.front().measure(run); }
  size_t bytes() const;

 private:
  struct Sequence {
    std::vector<int32_t> history;  // prompt and what was written
    std::vector<float> logits;     // of the next token
    uint64_t picks = 0;            // since its prompt
  };
  LaneGroup& group_of(int64_t lane) { return groups_[size_t(lane / lanes_per_group_)]; }
  int64_t place(int64_t lane) const { return lane % lanes_per_group_; }
  void check_row(const GenerateRow& row, std::vector<bool>& named) const;
  void begin(const GenerateRow& row, const WithRun& with_run);
  // Appends each lane's token (-1: none) to the caches and reads the logits behind it.
  void advance(const std::vector<int32_t>& tokens, const WithRun& with_run);

  const int64_t seq_length_, vocab_size_;
  int64_t lanes_per_group_;
  std::vector<LaneGroup> groups_;
  std::vector<Sequence> sequences_;
};

}  // namespace flm
