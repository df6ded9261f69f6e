#include "engine/token_upload.h"

#include <algorithm>
#include <cstring>

namespace flm {

namespace {

size_t padded(size_t bytes) { return (bytes + 255) / 256 * 256; }

// Of the rows whose key lies in `held`: order = rows sorted by key (stable), ids = distinct keys counted from
// the first held one, starts = where each begins. Returns how many.
int64_t sort_by(const int32_t* keys, int64_t N, Range held, int32_t* order, int32_t* ids, int32_t* starts) {
  int64_t rows = 0;
  for (int64_t n = 0; n < N; ++n)
    if (keys[n] >= held.begin && keys[n] < held.end()) order[rows++] = int32_t(n);
  std::stable_sort(order, order + rows, [keys](int32_t a, int32_t b) { return keys[a] < keys[b]; });
  int64_t distinct = 0;
  for (int64_t i = 0; i < rows; ++i)
    if (i == 0 || keys[order[i]] != keys[order[i - 1]]) {
      ids[distinct] = int32_t(keys[order[i]] - held.begin);
      starts[distinct++] = int32_t(i);
    }
  starts[distinct] = int32_t(rows);
  return distinct;
}

}  // namespace

TokenUpload::TokenUpload(Device& device, int64_t tokens_per_micro_batch, int64_t seq_length, Range vocab,
                         DType stat)
    : device_(device),
      N_(tokens_per_micro_batch),
      seq_length_(seq_length),
      vocab_(vocab),
      stat_(stat),
      staging_(device) {
  size_t next = 0;
  const auto place = [&](int64_t elements, size_t element_bytes) {
    const size_t at = next;
    next += padded(size_t(elements) * element_bytes);
    return at;
  };
  places_.tokens = place(N_, 4);
  places_.positions = place(N_, 4);
  places_.targets = place(N_, 4);
  places_.weight = place(N_, size_of(stat));
  places_.segments = place(N_ + 1, 4);
  places_.order = place(N_, 4);
  places_.ids = place(N_, 4);
  places_.starts = place(N_ + 1, 4);
  places_.position_order = place(N_, 4);
  places_.position_ids = place(N_, 4);
  places_.position_starts = place(N_ + 1, 4);
  places_.total = next;
  if (device.host_accessible())
    staging_.reserve(next);
  else
    for (Slot& slot : slots_) slot.block = DeviceBuffer(device, int64_t(next), DType::u8);
}

size_t TokenUpload::bytes() const {
  // Staging memory grows with the largest batch so far, and is the host's: what a run reports may not depend
  // on that.
  return (device_.host_accessible() ? 1 : slots_.size()) * places_.total;
}

void TokenUpload::stage(data::Batch batch, int64_t count, bool train, int64_t targets,
                        std::vector<double> row_weights) {
  FLM_CHECK(int64_t(batch.tokens.size()) == count * N_, ErrorCode::invalid_argument, "the batch holds ",
            batch.tokens.size(), " tokens, ", count, " micro-batches take ", count * N_);
  const int64_t rows = count * N_ / seq_length_;
  FLM_CHECK(row_weights.empty() || int64_t(row_weights.size()) == rows, ErrorCode::invalid_argument,
            "row_weights has ", row_weights.size(), " numbers, the batch has ", rows, " rows");
  if (row_weights.empty()) row_weights.assign(size_t(rows), targets ? 1.0 / double(targets) : 0);
  // A pass that ended with an error may have left copies behind, which read the staging memory when they run.
  device_.synchronize(device_.stream(StreamRole::copy));
  for (Slot& slot : slots_) slot.micro_batch = -1;
  batch_ = std::move(batch);
  train_ = train;
  row_weights_ = std::move(row_weights);
  counts_.assign(size_t(count), std::nullopt);
  staging_.reserve(size_t(count) * places_.total);
}

const unsigned char* TokenUpload::written(int64_t i) {
  auto* block = static_cast<unsigned char*>(staging_.reserve(0)) + size_t(i) * places_.total;
  std::optional<Counts>& counts = counts_[size_t(i)];
  if (!counts) counts = write(block, i * N_, &row_weights_[size_t(i * N_ / seq_length_)]);
  return block;
}

TokenUpload::Counts TokenUpload::write(unsigned char* block, int64_t begin, const double* row_weights) const {
  const auto ints = [&](size_t at) { return reinterpret_cast<int32_t*>(block + at); };
  const size_t bytes = size_t(N_) * 4;
  std::memcpy(ints(places_.tokens), &batch_.tokens[size_t(begin)], bytes);
  std::memcpy(ints(places_.positions), &batch_.positions[size_t(begin)], bytes);
  std::memcpy(ints(places_.targets), &batch_.targets[size_t(begin)], bytes);
  for (int64_t n = 0; n < N_; ++n) {
    const double w = batch_.targets[size_t(begin + n)] >= 0 ? row_weights[n / seq_length_] : 0;
    if (stat_ == DType::f64)
      reinterpret_cast<double*>(block + places_.weight)[n] = w;
    else
      reinterpret_cast<float*>(block + places_.weight)[n] = float(w);
  }

  Counts counts{};
  int32_t* segments = ints(places_.segments);
  for (int64_t n = 0; n < N_; ++n)
    if (n % seq_length_ == 0 || batch_.positions[size_t(begin + n)] == 0)
      segments[counts.segments++] = int32_t(n);
  segments[counts.segments] = int32_t(N_);
  for (int64_t s = 0; s < counts.segments; ++s)
    counts.max_segment = std::max<int64_t>(counts.max_segment, segments[s + 1] - segments[s]);

  if (train_) {
    counts.distinct_tokens = sort_by(ints(places_.tokens), N_, vocab_, ints(places_.order), ints(places_.ids),
                                     ints(places_.starts));
    counts.distinct_positions =
        sort_by(ints(places_.positions), N_, {0, seq_length_}, ints(places_.position_order),
                ints(places_.position_ids), ints(places_.position_starts));
  }
  return counts;
}

const unsigned char* TokenUpload::on_device(int64_t i) {
  const Stream compute = device_.stream(StreamRole::compute), copy = device_.stream(StreamRole::copy);
  if (slots_[current_].micro_batch != i) {
    slots_[current_].released = device_.record(compute);
    current_ = 1 - current_;
  }
  Slot& slot = slots_[current_];
  if (slot.micro_batch != i) {
    const unsigned char* from = written(i);
    device_.wait(copy, slot.released);
    device_.copy(slot.block.view().data, from, places_.total, CopyKind::host_to_device, copy);
    device_.wait(compute, device_.record(copy));
    slot.micro_batch = i;
  }
  return static_cast<const unsigned char*>(slot.block.view().data);
}

TokenBatch TokenUpload::upload(int64_t i) {
  const unsigned char* block = device_.host_accessible() ? written(i) : on_device(i);
  return views(block, *counts_[size_t(i)]);
}

TokenBatch TokenUpload::views(const unsigned char* block, const Counts& counts) const {
  const auto view = [&](size_t at, DType dtype) { return In{block + at, dtype}; };
  TokenBatch batch;
  batch.tokens = view(places_.tokens, DType::i32);
  batch.positions = view(places_.positions, DType::i32);
  batch.targets = view(places_.targets, DType::i32);
  batch.loss_weight = view(places_.weight, stat_);
  batch.segment_starts = view(places_.segments, DType::i32);
  batch.num_segments = counts.segments;
  batch.max_segment = counts.max_segment;
  batch.N = N_;
  batch.by_token = {view(places_.order, DType::i32), view(places_.ids, DType::i32),
                    view(places_.starts, DType::i32), counts.distinct_tokens};
  batch.by_position = {view(places_.position_order, DType::i32), view(places_.position_ids, DType::i32),
                       view(places_.position_starts, DType::i32), counts.distinct_positions};
  return batch;
}

}  // namespace flm
