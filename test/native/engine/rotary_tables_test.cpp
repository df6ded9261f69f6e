// How far xPos lets a pair of components see: the published list (spec "FLM", section 7.1).
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

}  // namespace
}  // namespace flm::test
