#include "engine/pipeline.h"

#include "core/error.h"
#include "model/tensor_parallel.h"

namespace flm {

namespace {

using Kind = Instruction::Kind;

const Chunk& chunk_of(const PipelineWork& work, const Instruction& step) {
  FLM_CHECK(step.chunk >= 0 && step.chunk < int64_t(work.chunks.size()), ErrorCode::invalid_argument,
            "an instruction names chunk ", step.chunk, " of ", work.chunks.size());
  FLM_CHECK(step.micro_batch >= 0 && step.micro_batch < work.num_micro_batches, ErrorCode::invalid_argument,
            "an instruction names micro-batch ", step.micro_batch, " of ", work.num_micro_batches);
  return work.chunks[size_t(step.chunk)];
}

// Between two pipeline ranks; nothing moves while memory is being planned.
void send(const Run& run, Communicator* channel, In data, int64_t n, int64_t to) {
  if (run.context.measuring) return;
  FLM_CHECK(channel, ErrorCode::invalid_argument, "an instruction sends, and there is no pipeline");
  channel->send(data, n, int(to), run.context.stream);
}

void receive(const Run& run, Communicator* channel, Out data, int64_t n, int64_t from) {
  if (run.context.measuring) return;
  FLM_CHECK(channel, ErrorCode::invalid_argument, "an instruction receives, and there is no pipeline");
  channel->recv(data, n, int(from), run.context.stream);
}

}  // namespace

std::vector<Instruction> alternate(int64_t num_micro_batches) {
  std::vector<Instruction> all;
  for (int64_t i = 0; i < num_micro_batches; ++i) {
    all.push_back({Kind::forward, i, 0, 0, -1});
    all.push_back({Kind::backward, i, 0, 0, -1});
  }
  return all;
}

std::vector<Instruction> forward_each(int64_t num_micro_batches) {
  std::vector<Instruction> all;
  for (int64_t i = 0; i < num_micro_batches; ++i) all.push_back({Kind::forward, i, 0, 0, -1});
  return all;
}

void run_training(const Run& run, const std::vector<Instruction>& instructions, const PipelineWork& work) {
  const ArenaScope scope(run.arena);
  std::vector<std::vector<ChunkActivations>> kept(work.chunks.size());
  for (size_t c = 0; c < work.chunks.size(); ++c)
    for (int64_t slot = 0; slot < work.slots[c]; ++slot)
      kept[c].push_back(take_chunk(run, work.chunks[c], work.N, work.lent));

  const int64_t size = local_rows(run, work.N) * run.shape.hidden_size;
  Run first = run;
  first.first_micro_batch = true;
  int64_t heads_left = work.num_micro_batches;
  std::vector<int64_t> backward_left(work.chunks.size(), work.num_micro_batches);
  for (const Instruction& step : instructions) {
    const Chunk& chunk = chunk_of(work, step);
    auto& slots = kept[size_t(step.chunk)];
    FLM_CHECK(step.slot >= 0 && step.slot < int64_t(slots.size()), ErrorCode::invalid_argument,
              "an instruction names slot ", step.slot, " of chunk ", step.chunk, ", which has ",
              slots.size());
    const ChunkActivations& a = slots[size_t(step.slot)];
    switch (step.kind) {
      case Kind::receive_forward:
        receive(run, work.forward, a.x[0], size, step.peer);
        break;
      case Kind::forward:
        chunk_fwd(heads_left == work.num_micro_batches ? first : run, chunk, a, work.losses,
                  work.batch(step.micro_batch));
        if (chunk.is_last) work.losses_ready(step.micro_batch);
        if (chunk.is_last && --heads_left == 0 && work.head_done) work.head_done();
        break;
      case Kind::send_forward:
        send(run, work.forward, a.x.back(), size, step.peer);
        break;
      case Kind::receive_backward:
        receive(run, work.backward, a.dy, size, step.peer);
        break;
      case Kind::backward: {
        int64_t& left = backward_left[size_t(step.chunk)];
        const bool is_first_time = left == work.num_micro_batches, is_last_time = --left == 0;
        chunk_bwd(is_first_time ? first : run, chunk, a, work.batch(step.micro_batch),
                  is_last_time ? work.block_done : BlockDone());
        break;
      }
      case Kind::send_backward:
        send(run, work.backward, a.dy, size, step.peer);
        break;
    }
  }
}

void run_evaluation(const Run& run, const std::vector<Instruction>& instructions, const PipelineWork& work) {
  const ArenaScope scope(run.arena);
  const int64_t size = local_rows(run, work.N) * run.shape.hidden_size;
  const Out x = run.take(size), spare = run.take(size);
  Out output;
  for (const Instruction& step : instructions) {
    const Chunk& chunk = chunk_of(work, step);
    switch (step.kind) {
      case Kind::receive_forward:
        receive(run, work.forward, x, size, step.peer);
        break;
      case Kind::forward: {
        const TokenBatch batch = work.batch(step.micro_batch);
        output = chunk_forward_only(run, chunk, x, spare, batch);
        if (!chunk.is_last) break;
        losses_of(run, work.losses, output, batch);
        work.losses_ready(step.micro_batch);
        break;
      }
      case Kind::send_forward:
        send(run, work.forward, output, size, step.peer);
        break;
      default:
        fail(ErrorCode::invalid_argument, "an instruction of an evaluation goes backward");
    }
  }
}

}  // namespace flm
