#include "engine/rotary_tables.h"

#include <cmath>
#include <vector>

#include "engine/host_values.h"

namespace flm {

namespace {
// Source: spec "FLM", section 1.3: gamma from the released modelling code, the scale base from its config.
constexpr double kXposGamma = 0.4;
constexpr double kXposScaleBase = 512;
}  // namespace

RotaryTableBuffers::RotaryTableBuffers(Device& device, const ModelShape& shape, DType stat) {
  if (shape.position == PositionKind::learned) return;
  const int64_t T = shape.seq_length, pairs = shape.head_size / 2;
  const double D = double(shape.head_size);
  const std::vector<double>& divisors = shape.rope_divisors;
  FLM_CHECK(divisors.empty() || int64_t(divisors.size()) == pairs, ErrorCode::invalid_argument,
            "rope_divisors has ", divisors.size(), " values, a head has ", pairs, " pairs");
  for (const double divisor : divisors)
    FLM_CHECK(divisor > 0 && std::isfinite(divisor), ErrorCode::invalid_argument, "rope_divisors has ",
              divisor, "; it must be above 0");
  std::vector<double> cosine, sine, zeta;
  // A constant centre: it cancels between queries and keys, and lets turned keys be cached.
  const double centre = -std::floor(-double(T) / 2);
  for (int64_t n = 0; n < T; ++n)
    for (int64_t i = 0; i < pairs; ++i) {
      const double plain = double(n) * std::pow(shape.rope_theta, -2.0 * double(i) / D);
      const double angle = divisors.empty() ? plain : plain / divisors[size_t(i)];
      cosine.push_back(std::cos(angle));
      sine.push_back(std::sin(angle));
      const double base = (2.0 * double(i) + kXposGamma * D) / ((1 + kXposGamma) * D);
      zeta.push_back(std::pow(base, (double(n) - centre) / kXposScaleBase));
    }
  const auto make = [&](const std::vector<double>& values) {
    DeviceBuffer buffer(device, int64_t(values.size()), stat);
    upload(device, buffer.view(), values);
    return buffer;
  };
  cos_ = make(cosine);
  sin_ = make(sine);
  if (shape.position == PositionKind::xpos) zeta_ = make(zeta);
}

}  // namespace flm
