#pragma once
// Tokens that are found in a text as they are, before it is cut into words.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flm::text {

class AddedTokens {
 public:
  // `ids` name pieces. Throws Error(data_invalid) for one without bytes.
  AddedTokens(const std::vector<std::string>& pieces, const std::vector<uint32_t>& ids);

  struct Match {
    size_t begin, end;  // both the text's size where there is none
    uint32_t id;
  };

  // The first that begins at `from` or behind it; of several that begin there the longest.
  Match next(std::string_view text, size_t from) const;

 private:
  struct Token {
    std::string bytes;
    uint32_t id;
  };
  std::array<std::vector<Token>, 256> by_first_byte_;  // longest first
  bool empty_;
};

}  // namespace flm::text
