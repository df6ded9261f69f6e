#include "engine/sampler.h"

#include <cmath>
#include <limits>

#include "test.h"

namespace flm::test {
namespace {

int32_t sample_one(const std::vector<float>& logits, double temperature, double top_p) {
  GenerateInput input{};
  input.temperature = temperature;
  input.top_p = top_p;
  input.repetition_penalty = 1;
  return sample(logits, input, 7, {}, 0);
}

FLM_TEST(sampling_from_one_token_is_certain) {
  for (const double temperature : {0.0, 1.0}) CHECK_EQ(sample_one({0.5f}, temperature, 0.9), 0);
}

FLM_TEST(without_mass_to_share_the_likeliest_token_is_left) {
  CHECK_EQ(sample_one({1, 3, 2}, 1, 0), 1);
  CHECK_EQ(sample_one({2, 2, 2}, 1, 0), 0);
}

FLM_TEST(logits_that_are_not_finite_are_refused) {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  for (const double temperature : {0.0, 1.0})
    for (const std::vector<float>& logits : {std::vector<float>{nan, nan}, {nan, 1}, {1, infinity}})
      CHECK_THROWS(sample_one(logits, temperature, 0.9), ErrorCode::checkpoint_invalid);
  CHECK_THROWS(sample_one({1, nan}, 1, 0.9), ErrorCode::checkpoint_invalid);
}

}  // namespace
}  // namespace flm::test
