#include "text/unicode_class.h"

#include <iterator>

namespace flm::text {
namespace {

constexpr uint32_t kCodePoints = 0x110000;

constexpr uint32_t kRuns[] = {
#include "text/unicode_tables.inc"
};

// Two bits for each code point. Flat on purpose: only the lines of the scripts in use enter the caches.
class ClassTable {
 public:
  ClassTable() {
    for (size_t run = 0; run < std::size(kRuns); ++run) {
      const uint32_t end = run + 1 < std::size(kRuns) ? kRuns[run + 1] / 4 : kCodePoints;
      for (uint32_t code = kRuns[run] / 4; code < end; ++code) {
        packed_[code / 4] |= (kRuns[run] % 4) << (code % 4 * 2);
      }
    }
  }
  CharClass operator[](uint32_t code) const {
    return static_cast<CharClass>(packed_[code / 4] >> (code % 4 * 2) & 3);
  }

 private:
  std::array<uint8_t, kCodePoints / 4> packed_{};
};

// The payload of the continuation byte at `p`, or a value above every code point if there is none.
uint32_t continuation(const char* p, const char* end) {
  if (p >= end) return kCodePoints;
  const auto byte = static_cast<unsigned char>(*p);
  return (byte & 0xC0) == 0x80 ? byte & 0x3F : kCodePoints;
}

}  // namespace

Character read_multibyte_character(const char* begin, const char* end) {
  static const ClassTable table;
  const auto lead = static_cast<unsigned char>(*begin);
  const uint8_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  uint32_t code = lead & (0xFF >> (size + 1));
  for (uint8_t i = 1; i < size; ++i) {
    const uint32_t payload = continuation(begin + i, end);
    if (payload == kCodePoints) return {CharClass::other, 1};
    code = code << 6 | payload;
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  const bool well_formed =
      lead >= 0xC2 && lead < 0xF5 && code >= kSmallest[size] && code < kCodePoints && !surrogate;
  if (!well_formed) return {CharClass::other, 1};
  return {table[code], size};
}

}  // namespace flm::text
