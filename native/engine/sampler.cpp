#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "core/error.h"
#include "core/philox.h"

namespace flm {

namespace {

struct Candidate {
  int32_t token;
  double weight;  // probability, but for a common factor
};

void penalise(std::vector<float>& logits, std::span<const int32_t> history, double penalty) {
  for (const int32_t token : std::unordered_set<int32_t>(history.begin(), history.end())) {
    if (size_t(token) >= logits.size()) continue;  // it cannot be written anyway
    float& logit = logits[size_t(token)];
    logit = float(logit > 0 ? logit / penalty : logit * penalty);
  }
}

// NaN has no place in an order: sorting it is undefined, and no token would be left.
void check_finite(double value) {
  FLM_CHECK(std::isfinite(value), ErrorCode::checkpoint_invalid,
            "the model's logits are not finite: its weights have diverged; use an earlier checkpoint");
}

int32_t likeliest(std::span<const float> logits) {
  const auto best = std::max_element(logits.begin(), logits.end());
  check_finite(*best);
  return int32_t(best - logits.begin());
}

std::vector<Candidate> weigh(std::span<const float> logits, double temperature) {
  const double best = logits[size_t(likeliest(logits))];
  std::vector<Candidate> all;
  all.reserve(logits.size());
  for (size_t i = 0; i < logits.size(); ++i)
    all.push_back({int32_t(i), std::exp((double(logits[i]) - best) / temperature)});
  return all;
}

double total_of(const std::vector<Candidate>& candidates) {
  double total = 0;
  for (const Candidate& c : candidates) total += c.weight;
  return total;
}

// Of equally likely tokens the first comes first.
bool likelier(const Candidate& a, const Candidate& b) {
  return a.weight > b.weight || (a.weight == b.weight && a.token < b.token);
}

void keep_top_k(std::vector<Candidate>& candidates, size_t k) {
  if (k == 0 || k >= candidates.size()) return;
  std::nth_element(candidates.begin(), candidates.begin() + std::ptrdiff_t(k), candidates.end(), likelier);
  candidates.resize(k);
}

// The smallest set of likeliest tokens that holds top_p of the mass; at least one.
void keep_top_p(std::vector<Candidate>& candidates, double top_p) {
  if (top_p >= 1) return;
  const double total = total_of(candidates);
  // All tokens below this share together weigh less than what may be left out: only the others are sorted.
  const double least = (1 - top_p) * total / double(candidates.size());
  const auto in_question = [&](const Candidate& c) { return c.weight >= least; };
  const auto end = std::partition(candidates.begin(), candidates.end(), in_question);
  candidates.erase(end, candidates.end());
  std::sort(candidates.begin(), candidates.end(), likelier);
  size_t kept = 0;
  double mass = 0;
  while (kept < candidates.size() && (kept == 0 || mass < top_p * total)) mass += candidates[kept++].weight;
  candidates.resize(kept);
}

}  // namespace

int32_t sample(std::span<const float> logits, const GenerateInput& input, uint64_t seed,
               std::span<const int32_t> history, uint64_t index) {
  std::vector<float> penalised;
  if (input.repetition_penalty != 1) {
    penalised.assign(logits.begin(), logits.end());
    penalise(penalised, history, input.repetition_penalty);
    logits = penalised;
  }
  if (input.temperature == 0 || input.top_k == 1) return likeliest(logits);

  std::vector<Candidate> candidates = weigh(logits, input.temperature);
  check_finite(total_of(candidates));
  keep_top_k(candidates, size_t(input.top_k));
  keep_top_p(candidates, input.top_p);
  const PhiloxBlock block = philox(seed, philox_stream("sample"), index);
  double left = philox_uniform(block[0], block[1]) * total_of(candidates);
  for (const Candidate& c : candidates)
    if ((left -= c.weight) <= 0) return c.token;
  return candidates.back().token;
}

}  // namespace flm
