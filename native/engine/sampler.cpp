#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "core/philox.h"

namespace flm {

namespace {

void penalise(std::vector<float>& logits, const std::vector<int32_t>& history, double penalty) {
  for (const int32_t token : std::unordered_set<int32_t>(history.begin(), history.end())) {
    float& logit = logits[size_t(token)];
    logit = float(logit > 0 ? logit / penalty : logit * penalty);
  }
}

}  // namespace

int32_t sample(std::vector<float> logits, const GenerateInput& input, const std::vector<int32_t>& history,
               uint64_t index) {
  if (input.repetition_penalty != 1) penalise(logits, history, input.repetition_penalty);
  const auto best = std::max_element(logits.begin(), logits.end());
  if (input.temperature == 0 || input.top_k == 1) return int32_t(best - logits.begin());

  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return logits[size_t(a)] > logits[size_t(b)]; });
  if (input.top_k > 0) order.resize(std::min(order.size(), size_t(input.top_k)));

  std::vector<double> weights;
  double total = 0;
  for (const int32_t token : order) {
    weights.push_back(std::exp((double(logits[size_t(token)]) - double(*best)) / input.temperature));
    total += weights.back();
  }
  // The smallest set of likeliest tokens that holds top_p of the mass; at least one.
  size_t kept = 0;
  double mass = 0;
  while (kept < weights.size() && (kept == 0 || mass < input.top_p * total)) mass += weights[kept++];

  const PhiloxBlock block = philox(input.seed, philox_stream("sample"), index);
  double left = philox_uniform(block[0], block[1]) * mass;
  for (size_t i = 0; i < kept; ++i)
    if ((left -= weights[i]) <= 0) return order[i];
  return order[kept - 1];
}

}  // namespace flm
