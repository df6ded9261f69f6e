#pragma once
#include <functional>
#include <span>
#include <vector>

#include "core/backend.h"
#include "engine/device_buffer.h"
#include "engine/parameter_store.h"
#include "model/kv_cache.h"

namespace flm {

// `with_run(use)` calls use(run) with the activation memory.
using WithRun = std::function<void(const std::function<void(const Run&)>&)>;

// What a rank that generates holds of the model, and who holds the rest.
struct ModelPart {
  ModelShape shape;         // of what this rank computes: see local_shape()
  int64_t vocab_size = 0;   // of the model
  int64_t tensor_size = 1;  // ranks that share every matrix
  LayerRelay relay;
};

// Some sequences that decode together: their keys and values, and the logits of their next tokens. Of several
// ranks all make the same calls, and all get the same logits.
class LaneGroup {
 public:
  // More rows than this lose what makes a lane's numbers independent of its neighbours: the CPU's products
  // change their order of summation. A GPU has no such promise, and wants more rows.
  static int64_t most_lanes(const Device& device) { return device.host_accessible() ? 8 : 64; }

  LaneGroup(const Backend& backend, const ModelPart& part, DType compute, int64_t lanes);

  // Begins a lane anew with these tokens, at least one and at most seq_length.
  void begin(int64_t lane, std::span<const int32_t> tokens, const WithRun& with_run);
  // One more token of each lane; -1: the lane rests. A lane that takes part holds less than seq_length
  // tokens.
  void advance(std::span<const int32_t> tokens, const WithRun& with_run);

  int64_t length(int64_t lane) const { return lengths_[size_t(lane)]; }
  // Logits of the token behind the lane's last; valid until another lane takes part in a call and this one
  // does not.
  std::vector<float> logits(int64_t lane) const;

  // The same passes once, for measuring the memory they need.
  void measure(const Run& run) const;
  size_t bytes() const;

 private:
  TokenBatch views(int64_t N) const;
  // The fourth row of numbers_: where segments start, or the lanes' lengths.
  In last_numbers(int64_t N) const { return numbers_.view().at(3 * (N + 1)); }
  In slots(int64_t N) const { return numbers_.view().at(2 * (N + 1)); }
  void upload(const std::vector<int32_t>& numbers);
  // Where this rank's logits of a lane begin.
  Out own_logits(const Run& run, int64_t lane) const;
  // From the ranks that have computed some to all.
  void share_logits(const Run& run) const;

  Device& device_;
  const ModelPart part_;
  const int64_t vocab_block_;
  std::vector<int64_t> lengths_;
  std::vector<DeviceBuffer> memory_;
  KvCache cache_;
  DeviceBuffer numbers_;  // (4, N + 1) i32 of N rows: tokens, positions, slots, last_numbers
  DeviceBuffer logits_;   // (tensor_size, lanes, vocab_block): each rank's part of the vocabulary
};

}  // namespace flm
