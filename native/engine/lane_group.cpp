#include "engine/lane_group.h"

#include <algorithm>

#include "comm/communicator.h"
#include "engine/host_values.h"

namespace flm {

LaneGroup::LaneGroup(const Backend& backend, const ModelPart& part, DType compute, int64_t lanes)
    : device_(*backend.device),
      part_(part),
      vocab_block_((part.vocab_size + part.tensor_size - 1) / part.tensor_size),
      lengths_(size_t(lanes), 0) {
  const ModelShape& shape = part.shape;
  const int64_t elements = lanes * shape.seq_length * shape.kv_size();
  for (int64_t layer = 0; layer < shape.num_layers; ++layer)
    for (auto* list : {&cache_.keys, &cache_.values}) {
      memory_.emplace_back(device_, elements, compute);
      list->push_back(memory_.back().view());
    }
  numbers_ = DeviceBuffer(device_, 4 * (std::max(shape.seq_length, lanes) + 1), DType::i32);
  logits_ = DeviceBuffer(device_, part.tensor_size * lanes * vocab_block_, compute);
}

size_t LaneGroup::bytes() const {
  size_t sum = numbers_.bytes() + logits_.bytes();
  for (const DeviceBuffer& buffer : memory_) sum += buffer.bytes();
  return sum;
}

TokenBatch LaneGroup::views(int64_t N) const {
  const In numbers = numbers_.view();
  TokenBatch batch;
  batch.tokens = numbers;
  batch.positions = numbers.at(N + 1);
  batch.segment_starts = last_numbers(N);
  batch.num_segments = 1;
  batch.max_segment = N;
  batch.N = N;
  return batch;
}

void LaneGroup::upload(const std::vector<int32_t>& numbers) {
  device_.copy_now(numbers_.view().data, numbers.data(), numbers.size() * 4, CopyKind::host_to_device,
                   device_.stream(StreamRole::compute));
}

Out LaneGroup::own_logits(const Run& run, int64_t lane) const {
  return logits_.view().at((run.tensor.rank * int64_t(lengths_.size()) * vocab_block_) +
                           lane * run.shape.vocab_size);
}

void LaneGroup::share_logits(const Run& run) const {
  const int64_t n = int64_t(lengths_.size()) * vocab_block_;
  const Out all = logits_.view();
  const LayerRelay& relay = part_.relay;
  if (run.tensor.size > 1 && relay.has_last())
    run.tensor.group->all_gather(all, all.at(run.tensor.rank * n), n, run.context.stream);
  if (relay.pipeline)
    relay.pipeline->broadcast(all, part_.tensor_size * n, relay.pipeline->size() - 1, run.context.stream);
}

void LaneGroup::begin(int64_t lane, std::span<const int32_t> tokens, const WithRun& with_run) {
  const int64_t N = int64_t(tokens.size()), row = N + 1;
  std::vector<int32_t> numbers(size_t(4 * row));
  for (int64_t n = 0; n < N; ++n) {
    numbers[size_t(n)] = tokens[size_t(n)];
    numbers[size_t(row + n)] = int32_t(n);
    numbers[size_t(2 * row + n)] = int32_t(lane * part_.shape.seq_length + n);
  }
  numbers[size_t(3 * row + 1)] = int32_t(N);  // one segment, from 0 to N
  upload(numbers);
  with_run([&](const Run& run) {
    prefill(run, part_.relay, cache_, own_logits(run, lane), views(N), slots(N));
    share_logits(run);
  });
  lengths_[size_t(lane)] = N;
}

void LaneGroup::advance(std::span<const int32_t> tokens, const WithRun& with_run) {
  // Lanes behind the last one that takes part are left out. Resting lanes in front of it compute along: what
  // they write lies behind their end, where the next token overwrites it, or in the last place of a full
  // lane, which is not read again.
  int64_t N = int64_t(tokens.size());
  while (N > 0 && tokens[size_t(N - 1)] < 0) --N;
  const int64_t row = N + 1, T = part_.shape.seq_length;
  std::vector<int32_t> numbers(size_t(4 * row));
  for (int64_t lane = 0; lane < N; ++lane) {
    const int64_t position = std::min(lengths_[size_t(lane)], T - 1);
    numbers[size_t(lane)] = std::max(0, tokens[size_t(lane)]);
    numbers[size_t(row + lane)] = int32_t(position);
    numbers[size_t(2 * row + lane)] = int32_t(lane * T + position);
    numbers[size_t(3 * row + lane)] = int32_t(position + 1);
    if (tokens[size_t(lane)] >= 0) ++lengths_[size_t(lane)];
  }
  upload(numbers);
  with_run([&](const Run& run) {
    decode(run, part_.relay, cache_, own_logits(run, 0), views(N), slots(N), last_numbers(N));
    share_logits(run);
  });
}

std::vector<float> LaneGroup::logits(int64_t lane) const {
  std::vector<float> all(static_cast<size_t>(part_.vocab_size));
  const int64_t lanes = int64_t(lengths_.size());
  for (int64_t rank = 0; rank < part_.tensor_size; ++rank) {
    const int64_t begin = rank * vocab_block_, count = std::min(vocab_block_, part_.vocab_size - begin);
    download_floats(device_, logits_.view().at(rank * lanes * vocab_block_ + lane * count),
                    {all.data() + begin, size_t(count)});
  }
  return all;
}

void LaneGroup::measure(const Run& run) const {
  const int64_t T = part_.shape.seq_length;
  prefill(run, part_.relay, cache_, own_logits(run, 0), views(T), slots(T));
  const int64_t lanes = int64_t(lengths_.size());
  decode(run, part_.relay, cache_, own_logits(run, 0), views(lanes), slots(lanes), last_numbers(lanes));
}

}  // namespace flm
