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

  // `pieces` by id; empty ones are left out, and of `added` ids those whose bytes another id has too. Throws
  // Error(data_invalid) where two others have the same bytes.
  PieceIndex(const std::vector<std::string>& pieces, const std::vector<uint32_t>& added) {
    std::vector<bool> is_added(pieces.size());
    for (const uint32_t id : added) is_added[id] = true;
    for (uint32_t id = 0; id < pieces.size(); ++id) {
      if (pieces[id].empty() || is_added[id]) continue;
      const auto [word, is_new] = words_.insert(pieces[id]);
      FLM_CHECK(is_new, ErrorCode::data_invalid, "vocabulary ids ", ids_[word], " and ", id,
                " have the same piece; each piece must have one id");
      ids_.push_back(id);
    }
    for (const uint32_t id : added)
      if (words_.insert(pieces[id]).second) ids_.push_back(id);
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
