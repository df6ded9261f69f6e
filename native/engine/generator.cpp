#include "engine/generator.h"

#include <algorithm>
#include <span>

#include "engine/sampler.h"

namespace flm {

Generator::Generator(const Backend& backend, const ModelPart& part, DType compute, int64_t lanes)
    : seq_length_(part.shape.seq_length), vocab_size_(part.vocab_size) {
  FLM_CHECK(lanes >= 1, ErrorCode::invalid_argument, "lanes is ", lanes, "; it must be at least 1");
  lanes_per_group_ = std::min(lanes, LaneGroup::most_lanes(*backend.device));
  for (int64_t first = 0; first < lanes; first += lanes_per_group_)
    groups_.emplace_back(backend, part, compute, std::min(lanes_per_group_, lanes - first));
  sequences_.resize(size_t(lanes));
}

size_t Generator::bytes() const {
  size_t sum = 0;
  for (const LaneGroup& group : groups_) sum += group.bytes();
  return sum;
}

void Generator::check_row(const GenerateRow& row, std::vector<bool>& named) const {
  FLM_CHECK(row.lane >= 0 && row.lane < lanes(), ErrorCode::invalid_argument, "lane ", row.lane,
            " is outside the ", lanes(), " that the cache has");
  FLM_CHECK(!named[size_t(row.lane)], ErrorCode::invalid_argument, "two rows name lane ", row.lane);
  named[size_t(row.lane)] = true;
  const int64_t written = int64_t(sequences_[size_t(row.lane)].history.size());
  FLM_CHECK(!row.prompt.empty() || written > 0, ErrorCode::invalid_argument,
            "there is nothing to continue: the prompt has no tokens");
  // The last token of a full lane is not in the cache: there are no logits behind it.
  FLM_CHECK(!row.prompt.empty() || written <= seq_length_, ErrorCode::invalid_argument, "lane ", row.lane,
            " is full with the ", seq_length_, " tokens of seq_length; begin it anew with a prompt");
  FLM_CHECK(int64_t(row.prompt.size()) <= seq_length_, ErrorCode::invalid_argument, "the prompt has ",
            row.prompt.size(), " tokens, the model's seq_length is ", seq_length_);
  for (const int32_t token : row.prompt)
    FLM_CHECK(token >= 0 && token < vocab_size_, ErrorCode::invalid_argument, "token ", token,
              " is outside the vocabulary of ", vocab_size_);
}

void Generator::begin(const GenerateRow& row, const WithRun& with_run) {
  LaneGroup& group = group_of(row.lane);
  Sequence& sequence = sequences_[size_t(row.lane)];
  group.begin(place(row.lane), row.prompt, with_run);
  sequence = {row.prompt, group.logits(place(row.lane)), 0};
}

void Generator::advance(const std::vector<int32_t>& tokens, const WithRun& with_run) {
  for (int64_t first = 0; first < lanes(); first += lanes_per_group_) {
    const auto begin = tokens.begin() + first;
    const auto end = begin + std::min(lanes_per_group_, lanes() - first);
    if (std::all_of(begin, end, [](int32_t token) { return token < 0; })) continue;
    LaneGroup& group = group_of(first);
    group.advance({begin, end}, with_run);
    for (int64_t lane = first; lane < first + (end - begin); ++lane)
      if (tokens[size_t(lane)] >= 0) sequences_[size_t(lane)].logits = group.logits(place(lane));
  }
}

GenerateReport Generator::generate(const GenerateInput& input, const WithRun& with_run,
                                   const std::function<void()>& check) {
  FLM_CHECK(input.vocab_size >= 1 && input.vocab_size <= vocab_size_, ErrorCode::invalid_argument,
            "vocab_size ", input.vocab_size, " of the tokens to write is not between 1 and the model's ",
            vocab_size_);
  std::vector<bool> named(sequences_.size());
  for (const GenerateRow& row : input.rows) check_row(row, named);
  for (const GenerateRow& row : input.rows) {
    check();
    if (!row.prompt.empty()) begin(row, with_run);
  }

  GenerateReport report(input.rows.size());
  std::vector<int32_t> next(sequences_.size());
  for (int64_t step = 0; step < input.max_tokens; ++step) {
    check();
    std::fill(next.begin(), next.end(), -1);
    for (size_t r = 0; r < input.rows.size(); ++r) {
      const GenerateRow& row = input.rows[r];
      GeneratedRow& written = report[r];
      if (written.stopped || written.full) continue;
      Sequence& sequence = sequences_[size_t(row.lane)];
      const auto logits = std::span<const float>(sequence.logits).first(size_t(input.vocab_size));
      const int32_t token = sample(logits, input, row.seed, sequence.history, sequence.picks++);
      written.stopped =
          std::find(input.stop_tokens.begin(), input.stop_tokens.end(), token) != input.stop_tokens.end();
      if (written.stopped) continue;
      written.tokens.push_back(token);
      sequence.history.push_back(token);
      written.full = group_of(row.lane).length(place(row.lane)) == seq_length_;
      if (!written.full) next[size_t(row.lane)] = token;
    }
    if (std::all_of(next.begin(), next.end(), [](int32_t token) { return token < 0; })) break;
    advance(next, with_run);
  }
  return report;
}

}  // namespace flm
