#pragma once
// Character classes of the pre-tokenizers, read from UTF-8.
#include <array>
#include <cstddef>
#include <cstdint>

namespace flm::text {

// \p{L}, \p{N} and \p{White_Space} are disjoint; `other` is every remaining code point.
enum class CharClass : uint8_t { other, letter, number, space };

struct Character {
  CharClass kind;
  uint8_t size;  // bytes
};

inline constexpr std::array<CharClass, 128> kAsciiClasses = [] {
  std::array<CharClass, 128> classes{};
  for (char c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 'a' + 'A'] = CharClass::letter;
  for (char c = '0'; c <= '9'; ++c) classes[c] = CharClass::number;
  for (char c : {' ', '\t', '\n', '\v', '\f', '\r'}) classes[c] = CharClass::space;
  return classes;
}();

// The slow path of read_character: `begin` holds a byte >= 0x80.
Character read_multibyte_character(const char* begin, const char* end);

// The character at `begin` (< end). A byte that is not part of well-formed UTF-8 is one `other` character.
inline Character read_character(const char* begin, const char* end) {
  const auto byte = static_cast<unsigned char>(*begin);
  if (byte < 0x80) return {kAsciiClasses[byte], 1};
  return read_multibyte_character(begin, end);
}

}  // namespace flm::text
