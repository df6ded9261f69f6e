#pragma once
// Token files for tests, written by hand so that they do not share a mistake with the reader.
#include <cstdint>
#include <cstring>
#include <vector>

namespace flm::test {

inline void append(std::vector<uint8_t>& bytes, uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes.push_back(uint8_t(value >> (8 * i)));
}

// `starts` as they are stored: the first document's start up to the end of the last.
inline std::vector<uint8_t> token_file_bytes(const std::vector<uint32_t>& tokens,
                                             const std::vector<uint64_t>& starts, int bytes_per_token) {
  std::vector<uint8_t> bytes = {'F', 'L', 'M', 'T', 'O', 'K', '1', 0};
  append(bytes, uint64_t(bytes_per_token), 4);
  append(bytes, 1, 4);
  append(bytes, tokens.size(), 8);
  append(bytes, starts.size() - 1, 8);
  bytes.resize(64);
  for (const uint32_t token : tokens) append(bytes, token, bytes_per_token);
  while (bytes.size() % 8 != 0) bytes.push_back(0);
  for (const uint64_t start : starts) append(bytes, start, 8);
  return bytes;
}

}  // namespace flm::test
