#include "ops/compare.h"

#include <algorithm>
#include <cmath>

#include "test.h"

namespace flm::test {
namespace {

bool is_result(const TensorRecord& record) {
  return record.role == Role::output || record.role == Role::in_out;
}

void fail_at(const std::string& where, size_t i, double actual, double expected) {
  report_failure(where.c_str(), 0,
                 "element " + std::to_string(i) + ": got " + show(actual) + ", expected " + show(expected));
}

}  // namespace

void compare(const std::string& where, const std::vector<double>& actual, const std::vector<double>& expected,
             double tolerance) {
  CHECK_EQ(actual.size(), expected.size());
  double square = 0, error_square = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isinf(expected[i])) {
      if (actual[i] != expected[i]) return fail_at(where, i, actual[i], expected[i]);
      continue;
    }
    square += expected[i] * expected[i];
    error_square += (actual[i] - expected[i]) * (actual[i] - expected[i]);
  }
  const double typical = std::sqrt(square / double(std::max<size_t>(1, expected.size())));
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isinf(expected[i])) continue;
    // Written so that NaN on either side fails.
    if (!(std::abs(actual[i] - expected[i]) <= 8 * tolerance * std::max(std::abs(expected[i]), typical)))
      return fail_at(where, i, actual[i], expected[i]);
  }
  if (!(std::sqrt(error_square) <= tolerance * std::sqrt(square)))
    report_failure(where.c_str(), 0,
                   "the error's norm is " + show(std::sqrt(error_square / square)) +
                       " of the tensor's, above " + show(tolerance));
}

void compare_outputs(const Case& described, const Records& actual, const Records& expected) {
  for (const auto& [name, record] : actual) {
    if (!is_result(record)) continue;
    const double tolerance = record.dtype == DType::bf16 ? described.tolerance_bf16 : described.tolerance_f32;
    compare(described.name + " " + name, record.after, expected.at(name).after, tolerance);
  }
}

void compare_bits(const Case& described, const Records& one, const Records& other, const std::string& what) {
  for (const auto& [name, record] : one) {
    const auto twin = other.find(name);
    if (!is_result(record) || twin == other.end() || record.bits_after == twin->second.bits_after) continue;
    report_failure(described.name.c_str(), 0, name + " has other bits " + what);
  }
}

void compare_known(const Case& described, const Records& actual) {
  for (const Known& known : described.known) {
    const TensorRecord& record = actual.at(known.tensor);
    const double tolerance = record.dtype == DType::f64 ? known.tolerance_f64 : known.tolerance_f32;
    CHECK_EQ(record.after.size(), known.values.size());
    for (size_t i = 0; i < known.values.size(); ++i)
      if (!std::isnan(known.values[i]) && !(std::abs(record.after[i] - known.values[i]) <= tolerance))
        fail_at(described.name + " " + known.tensor, i, record.after[i], known.values[i]);
  }
}

}  // namespace flm::test
