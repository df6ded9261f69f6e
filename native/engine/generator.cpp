#include "engine/generator.h"

#include <algorithm>

#include "engine/host_values.h"
#include "engine/sampler.h"

namespace flm {

Generator::Generator(const Backend& backend, const ModelShape& shape, ComputeTypes types)
    : device_(*backend.device), shape_(shape) {
  const int64_t elements = shape.seq_length * shape.kv_size();
  for (int64_t layer = 0; layer < shape.num_layers; ++layer)
    for (auto* list : {&cache_.keys, &cache_.values}) {
      cache_memory_.emplace_back(device_, elements, types.compute);
      list->push_back(cache_memory_.back().view());
    }
  numbers_ = DeviceBuffer(device_, 4 * (shape.seq_length + 1), DType::i32);
  logits_ = DeviceBuffer(device_, shape.vocab_size, types.compute);
}

size_t Generator::bytes() const {
  size_t sum = numbers_.bytes() + logits_.bytes();
  for (const DeviceBuffer& buffer : cache_memory_) sum += buffer.bytes();
  return sum;
}

TokenBatch Generator::views(int64_t N) const {
  const int64_t row = shape_.seq_length + 1;
  const In numbers = numbers_.view();
  TokenBatch batch;
  batch.tokens = numbers;
  batch.positions = numbers.at(row);
  batch.segment_starts = numbers.at(3 * row);
  batch.num_segments = 1;
  batch.max_segment = N;
  batch.N = N;
  return batch;
}

void Generator::upload(const int32_t* tokens, int64_t N, int64_t first_position) {
  const int64_t row = shape_.seq_length + 1;
  std::vector<int32_t> numbers(size_t(4 * row));
  for (int64_t n = 0; n < N; ++n) {
    numbers[size_t(n)] = tokens[n];
    numbers[size_t(row + n)] = numbers[size_t(2 * row + n)] = int32_t(first_position + n);
  }
  numbers[size_t(3 * row)] = 0;  // the segment of a prefill
  numbers[size_t(3 * row + 1)] = int32_t(N);
  numbers[size_t(3 * row + 2)] = int32_t(first_position + N);  // the cache's length with these tokens
  const Stream stream = device_.stream(StreamRole::compute);
  device_.copy(numbers_.view().data, numbers.data(), numbers.size() * 4, CopyKind::host_to_device, stream);
  device_.synchronize(stream);
}

void Generator::feed(const std::vector<int32_t>& tokens, const WithRun& with_run,
                     const std::function<void()>& check) {
  const int64_t row = shape_.seq_length + 1, N = int64_t(tokens.size());
  const In numbers = numbers_.view();
  if (cache_.length == 0) {
    upload(tokens.data(), N, 0);
    with_run([&](const Run& run) { prefill(run, cache_, logits_.view(), views(N), numbers.at(2 * row)); });
    return;
  }
  for (int64_t n = 0; n < N; ++n) {
    check();
    upload(&tokens[size_t(n)], 1, cache_.length);
    with_run([&](const Run& run) {
      decode_one(run, cache_, logits_.view(), views(1), numbers.at(2 * row), numbers.at(3 * row + 2));
    });
  }
}

std::vector<float> Generator::read_logits() {
  const std::vector<double> values = download(device_, logits_.view(), shape_.vocab_size);
  return {values.begin(), values.end()};
}

GenerateReport Generator::generate(const GenerateInput& input, const WithRun& with_run,
                                   const std::function<void()>& check) {
  if (input.reset) {
    cache_.length = 0;
    history_.clear();
    picks_ = 0;
  }
  FLM_CHECK(!input.tokens.empty() || !history_.empty(), ErrorCode::invalid_argument,
            "there is nothing to continue: the prompt has no tokens");
  FLM_CHECK(cache_.length + int64_t(input.tokens.size()) <= shape_.seq_length, ErrorCode::invalid_argument,
            "the prompt has ", cache_.length + int64_t(input.tokens.size()),
            " tokens, the model's seq_length is ", shape_.seq_length);
  for (const int32_t token : input.tokens)
    FLM_CHECK(token >= 0 && token < shape_.vocab_size, ErrorCode::invalid_argument, "token ", token,
              " is outside the vocabulary of ", shape_.vocab_size);
  if (!input.tokens.empty()) {
    feed(input.tokens, with_run, check);
    history_.insert(history_.end(), input.tokens.begin(), input.tokens.end());
  }

  GenerateReport report{{}, false, false};
  while (int64_t(report.tokens.size()) < input.max_tokens) {
    check();
    const int32_t token = sample(read_logits(), input, history_, picks_++);
    if (std::find(input.stop_tokens.begin(), input.stop_tokens.end(), token) != input.stop_tokens.end()) {
      report.stopped = true;
      break;
    }
    report.tokens.push_back(token);
    history_.push_back(token);
    if (cache_.length == shape_.seq_length) {
      report.full = true;
      break;
    }
    feed({token}, with_run, check);
  }
  return report;
}

void Generator::measure(const Run& run) {
  KvCache empty = cache_;
  prefill(run, empty, logits_.view(), views(shape_.seq_length), numbers_.view());
  empty.length = 1;
  decode_one(run, empty, logits_.view(), views(1), numbers_.view(), numbers_.view());
}

}  // namespace flm
