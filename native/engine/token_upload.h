#pragma once
#include <vector>

#include "data/gather.h"
#include "engine/device_buffer.h"
#include "model/run.h"
#include "model/shard.h"

namespace flm {

// Carries micro-batches from host arrays to the device: tokens, targets, loss weights, segments, and the
// sorted orders that the embeddings' gradients need. All micro-batches of a step are staged first, so that
// the device never waits for the host between them.
class TokenUpload {
 public:
  // `vocab` is the part of the vocabulary whose embeddings this rank holds.
  TokenUpload(Device& device, int64_t tokens_per_micro_batch, int64_t seq_length, Range vocab, DType stat);

  // Stages `count` micro-batches that lie one after another in `batch`; each target weighs 1 / targets in the
  // loss or, where there are any, what `row_weights` has for its row. The previous stage must not be in use
  // any more.
  void stage(const data::Batch& batch, int64_t count, bool train, int64_t targets,
             const std::vector<double>& row_weights);
  // Enqueues the copy of micro-batch i and gives its views; valid until the next call.
  TokenBatch upload(int64_t i, Stream stream);

  size_t bytes() const { return device_block_.bytes(); }

 private:
  // Byte offsets of one micro-batch's arrays within its block.
  struct Places {
    size_t tokens, positions, targets, weight, segments, order, ids, starts, position_order, position_ids,
        position_starts, total;
  };
  struct Counts {
    int64_t segments, max_segment, distinct_tokens, distinct_positions;
  };
  // `row_weights` has one number a row of the micro-batch.
  Counts write(unsigned char* block, const data::Batch& batch, int64_t begin, const double* row_weights,
               bool train) const;

  Device& device_;
  int64_t N_, seq_length_;
  Range vocab_;
  DType stat_;
  Places places_;
  PinnedBuffer staging_;
  std::vector<Counts> counts_;
  DeviceBuffer device_block_;
};

}  // namespace flm
