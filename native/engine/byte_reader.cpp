#include "engine/byte_reader.h"

#include <cmath>

namespace flm {

namespace {
constexpr double kLargestInteger = 9007199254740992.0;  // 2^53: f64 holds every integer up to here
}  // namespace

ByteReader::ByteReader(std::span<const uint8_t> bytes, std::string_view what, uint32_t magic,
                       uint32_t version)
    : bytes_(bytes), what_(what) {
  if (take<uint32_t>("magic") != magic) refuse("magic", "these bytes are no ", what_);
  const auto found = take<uint32_t>("version");
  if (found != version) {
    refuse("version", "written in version ", found, " of the form while this addon reads version ", version,
           "; rebuild the addon so that it matches the package");
  }
}

int64_t ByteReader::integer(std::string_view field) {
  const double value = number(field);
  if (!(std::abs(value) <= kLargestInteger) || value != std::trunc(value)) {
    refuse(field, value, " is no integer");
  }
  return int64_t(value);
}

uint64_t ByteReader::seed(std::string_view field) {
  const auto low = take<uint32_t>(field);
  return uint64_t(take<uint32_t>(field)) << 32 | low;
}

std::string ByteReader::string(std::string_view field) {
  std::string result(count(field, 1), '\0');
  copy(result.data(), result.size(), field);
  return result;
}

void ByteReader::finish() const {
  if (at_ != bytes_.size()) refuse("end", bytes_.size() - at_, " bytes are left over");
}

void ByteReader::copy(void* to, size_t bytes, std::string_view field) {
  if (bytes > bytes_.size() - at_) {
    refuse(field, "needs ", bytes, " bytes and ", bytes_.size() - at_, " are left");
  }
  if (bytes > 0) std::memcpy(to, bytes_.data() + at_, bytes);
  at_ += bytes;
}

size_t ByteReader::count(std::string_view field, size_t element_bytes) {
  const auto elements = take<uint32_t>(field);
  const size_t left = bytes_.size() - at_;
  if (elements > left / element_bytes) {
    refuse(field, elements, " elements are announced and only ", left, " bytes are left");
  }
  return elements;
}

int64_t ByteReader::position(std::string_view field, int64_t count) {
  const int64_t value = integer(field);
  if (value < 0 || value >= count) refuse(field, value, " is not from 0 to ", count - 1);
  return value;
}

}  // namespace flm
