#include "core/philox.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "test.h"

namespace flm {
namespace {

constexpr uint64_t kSeed = 0x0123456789abcdef, kStream = 0xfedcba9876543210;

std::vector<double> drawn(uint64_t first, int64_t count) {
  std::vector<double> values(static_cast<size_t>(count));
  philox_normals(kSeed, kStream, first, count, values.data());
  return values;
}

// Box-Muller by the functions of the standard library.
double reference(uint64_t index) {
  const PhiloxBlock bits = philox(kSeed, kStream, index / 2);
  const double radius = std::sqrt(-2 * std::log(philox_uniform(bits[0], bits[1])));
  const double angle = 2 * M_PI * philox_uniform(bits[2], bits[3]);
  return radius * (index % 2 ? std::sin(angle) : std::cos(angle));
}

// The known answers of Random123's own tests.
FLM_TEST(philox_gives_the_published_answers) {
  const PhiloxBlock zeros{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  const PhiloxBlock ones{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  CHECK(philox(0, 0, 0) == zeros);
  CHECK(philox(~0ull, ~0ull, ~0ull) == ones);
}

FLM_TEST(philox_normals_are_those_of_the_standard_library) {
  constexpr int64_t kCount = 100'000;
  const auto values = drawn(1ull << 33, kCount);
  double worst = 0;
  for (int64_t i = 0; i < kCount; ++i)
    worst = std::max(worst, std::abs(values[size_t(i)] - reference((1ull << 33) + uint64_t(i))));
  CHECK(worst < 4e-15);
}

FLM_TEST(philox_normals_do_not_depend_on_where_a_range_begins) {
  constexpr int64_t kCount = 300;
  const auto whole = drawn(0, kCount);
  for (const int64_t first : {0, 1, 2, 127, 128, 129})
    for (const int64_t count : {0, 1, 2, 3, 127, 128, 129, 171}) {
      const auto part = drawn(uint64_t(first), count);
      for (int64_t i = 0; i < count; ++i) CHECK_EQ(part[size_t(i)], whole[size_t(first + i)]);
    }
}

FLM_TEST(philox_normals_are_equal_with_and_without_vector_instructions) {
  constexpr int64_t kCount = 10'001;
  const auto fast = drawn(5, kCount);
  std::vector<double> portable(kCount);
  philox_normals_portable(kSeed, kStream, 5, kCount, portable.data());
  for (size_t i = 0; i < fast.size(); ++i) CHECK_EQ(fast[i], portable[i]);
}

FLM_TEST(philox_normals_have_the_moments_of_a_normal_distribution) {
  constexpr int64_t kCount = 200'000;
  double sum = 0, squares = 0, fourth = 0;
  for (const double value : drawn(0, kCount)) {
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
  }
  // Five standard errors each.
  CHECK(std::abs(sum / kCount) < 5 * std::sqrt(1.0 / kCount));
  CHECK(std::abs(squares / kCount - 1) < 5 * std::sqrt(2.0 / kCount));
  CHECK(std::abs(fourth / kCount - 3) < 5 * std::sqrt(96.0 / kCount));
}

}  // namespace
}  // namespace flm
