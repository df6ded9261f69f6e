#pragma once
// Runs a pipeline rank's work list.
#include <functional>
#include <vector>

#include "comm/communicator.h"
#include "engine/spec.h"
#include "model/decoder.h"

namespace flm {

struct PipelineWork {
  const std::vector<Chunk>& chunks;
  const std::vector<int64_t>& slots;  // of each chunk
  Communicator *forward, *backward;   // channels; null without a pipeline
  int64_t num_micro_batches;
  int64_t N;  // tokens of a micro-batch
  // The micro-batch's tokens on the device; good until the next call.
  std::function<TokenBatch(int64_t micro_batch)> batch;
  // The last chunk has enqueued the losses of this micro-batch.
  std::function<void(int64_t micro_batch)> losses_ready;
  Out losses;                            // (N)
  const LentMemory& lent;                // to the one chunk's one micro-batch
  BlockDone block_done = {};             // a block's gradients are complete; may be empty
  std::function<void()> head_done = {};  // the head's are; may be empty
};

// Every micro-batch forward and backward in turn: the list of a rank that holds the whole model.
std::vector<Instruction> alternate(int64_t num_micro_batches);
std::vector<Instruction> forward_each(int64_t num_micro_batches);

void run_training(const Run& run, const std::vector<Instruction>& instructions, const PipelineWork& work);
// Forward alone; slots and backward channels are not used.
void run_evaluation(const Run& run, const std::vector<Instruction>& instructions, const PipelineWork& work);

}  // namespace flm
