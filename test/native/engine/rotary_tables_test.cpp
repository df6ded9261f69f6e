// How far xPos lets a pair of components see: the published list (spec "FLM", section 7.1); RoPE that is
// scaled.
#include "engine/rotary_tables.h"

#include <cmath>

#include "engine/host_values.h"
#include "model/tiny_model.h"
#include "oracle/oracle.h"
#include "test.h"

namespace flm::test {
namespace {

FLM_TEST(rotary_tables_decay_with_distance_as_published) {
  constexpr int64_t kDistances[] = {1, 64, 512, 1024, 2047};
  constexpr struct {
    int64_t pair;
    double decay[5];
  } kPublished[] = {{0, {.997556, .855050, .285714, .081633, .006680}},
                    {32, {.999137, .946268, .642857, .413265, .170936}},
                    {63, {.999978, .998598, .988839, .977803, .956120}}};
  ModelShape shape = tiny_flm();
  shape.head_size = 128;
  shape.seq_length = 2048;
  const Backend backend = oracle::make_backend();
  const RotaryTableBuffers tables(*backend.device, shape, DType::f64);
  const int64_t pairs = shape.head_size / 2;
  const auto zeta = download(*backend.device, tables.views().zeta, shape.seq_length * pairs);
  for (const auto& [pair, decay] : kPublished)
    for (size_t i = 0; i < 5; ++i) {
      const double far = zeta[size_t(kDistances[i] * pairs + pair)];
      // Half a unit of the last printed digit.
      CHECK_NEAR(far / zeta[size_t(pair)], decay[i], 5.0001e-7);
    }
}

// Position n of a scaled pair turns as far as position n / divisor of a plain one does.
FLM_TEST(rotary_tables_divide_the_frequencies_of_scaled_rope) {
  ModelShape shape = families()[1].shape;
  shape.head_size = 6;
  shape.seq_length = 33;
  const Backend backend = oracle::make_backend();
  const auto angles = [&](const std::vector<double>& divisors) {
    shape.rope_divisors = divisors;
    const RotaryTableBuffers tables(*backend.device, shape, DType::f64);
    return std::pair{download(*backend.device, tables.views().cos, shape.seq_length * 3),
                     download(*backend.device, tables.views().sin, shape.seq_length * 3)};
  };
  const auto plain = angles({});
  CHECK(angles({1, 1, 1}) == plain);
  const double divisors[] = {1, 4, 8};
  const auto scaled = angles({1, 4, 8});
  for (int64_t n = 0; n < shape.seq_length; n += 8)
    for (int64_t i = 0; i < 3; ++i) {
      const size_t here = size_t(n * 3 + i), there = size_t(double(n) / divisors[i] * 3 + double(i));
      CHECK_NEAR(scaled.first[here], plain.first[there], 1e-12);
      CHECK_NEAR(scaled.second[here], plain.second[there], 1e-12);
    }
}

FLM_TEST(rotary_tables_refuse_divisors_of_another_head_or_of_no_frequency) {
  ModelShape shape = families()[1].shape;
  const Backend backend = oracle::make_backend();
  for (const std::vector<double>& divisors : {std::vector<double>{1, 2}, {1, 0, 1}, {1, 1, INFINITY}}) {
    shape.rope_divisors = divisors;
    CHECK_THROWS(RotaryTableBuffers(*backend.device, shape, DType::f64), ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace flm::test
