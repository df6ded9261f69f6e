#pragma once
// Finds ids by their bytes.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "text/word_table.h"

namespace flm::text {

class PieceIndex {
 public:
  static constexpr uint32_t kAbsent = WordTable::kAbsent;

  // `pieces` by id; empty ones are left out. Throws Error(data_invalid) where two ids have the same bytes.
  explicit PieceIndex(const std::vector<std::string>& pieces) {
    for (uint32_t id = 0; id < pieces.size(); ++id) {
      if (pieces[id].empty()) continue;
      const auto [word, is_new] = words_.insert(pieces[id]);
      FLM_CHECK(is_new, ErrorCode::data_invalid, "vocabulary ids ", ids_[word], " and ", id,
                " have the same piece; each piece must have one id");
      ids_.push_back(id);
    }
  }

  uint32_t find(std::string_view bytes) const {
    const uint32_t word = words_.find(bytes);
    return word == WordTable::kAbsent ? kAbsent : ids_[word];
  }

 private:
  WordTable words_;
  std::vector<uint32_t> ids_;  // by word
};

}  // namespace flm::text
