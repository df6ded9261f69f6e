#pragma once
// Byte-level BPE training: from texts to a vocabulary with its merges.
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "text/split.h"
#include "text/vocabulary.h"
#include "text/word_table.h"

namespace flm::text {

class BpeTrainer {
 public:
  explicit BpeTrainer(Split split) : split_(split) {}

  // Counts the pieces of one text. No merge will cross the end of a text or of a piece, and memory grows only
  // with the distinct pieces.
  void add(std::string_view text);

  // Ids 0..255 are the bytes, then one id for each new piece in the order of the merges. The most frequent
  // pair is merged first, of equally frequent ones that with the smaller left id, then the smaller right id.
  // Pairs that occur once are never merged, so the vocabulary may come out smaller than `vocab_size` (>=
  // 256). `cancelled` may be empty; when it returns true, training throws Error(cancelled).
  Vocabulary train(uint32_t vocab_size, const std::function<bool()>& cancelled) const;

 private:
  Split split_;
  WordTable words_;
  std::vector<int64_t> counts_;  // by word
};

}  // namespace flm::text
