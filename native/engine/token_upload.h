#pragma once
#include <array>
#include <optional>
#include <vector>

#include "data/gather.h"
#include "engine/device_buffer.h"
#include "model/run.h"
#include "model/shard.h"

namespace flm {

// Carries micro-batches from host arrays to the device: tokens, targets, loss weights, segments, and the
// sorted orders that the embeddings' gradients need. A device's memory has room for two of them: while the
// compute stream works with one, the host sorts the next one into pinned memory, and the copy stream brings
// it over. Where the host's memory is the device's, views point at what the host has written.
class TokenUpload {
 public:
  // `vocab` is the part of the vocabulary whose embeddings this rank holds.
  TokenUpload(Device& device, int64_t tokens_per_micro_batch, int64_t seq_length, Range vocab, DType stat);

  // Takes `count` micro-batches that lie one after another in `batch`; each target weighs 1 / targets in the
  // loss or, where there are any, what `row_weights` has for its row. Waits for copies of the previous ones,
  // whose views are not valid any more.
  void stage(data::Batch batch, int64_t count, bool train, int64_t targets, std::vector<double> row_weights);
  // Views of micro-batch i, for work that is enqueued on the compute stream before the next call.
  TokenBatch upload(int64_t i);

  size_t bytes() const;  // of the device's memory

 private:
  // Byte offsets of one micro-batch's arrays within its block.
  struct Places {
    size_t tokens, positions, targets, weight, segments, order, ids, starts, position_order, position_ids,
        position_starts, total;
  };
  struct Counts {
    int64_t segments, max_segment, distinct_tokens, distinct_positions;
  };
  // Room for one micro-batch on the device.
  struct Slot {
    DeviceBuffer block;
    int64_t micro_batch = -1;
    Event released;  // behind the work that was enqueued with its views
  };

  // Where micro-batch i lies in pinned memory, written there by the first call.
  const unsigned char* written(int64_t i);
  Counts write(unsigned char* block, int64_t begin, const double* row_weights) const;
  // The device's copy of micro-batch i.
  const unsigned char* on_device(int64_t i);
  TokenBatch views(const unsigned char* block, const Counts& counts) const;

  Device& device_;
  int64_t N_, seq_length_;
  Range vocab_;
  DType stat_;
  Places places_;
  data::Batch batch_;
  bool train_ = false;
  std::vector<double> row_weights_;
  PinnedBuffer staging_;
  std::vector<std::optional<Counts>> counts_;  // of the micro-batches that are written
  std::array<Slot, 2> slots_;
  size_t current_ = 0;  // the slot that was asked for last
};

}  // namespace flm
