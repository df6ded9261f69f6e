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
  // Bytes of distinct pieces up to which counts are exact; train() then needs 0.6 GB. Words of English rarely
  // get there; in a language without spaces nearly every sentence is a piece of its own.
  static constexpr size_t kMaxDistinctBytes = size_t{32} << 20;

  explicit BpeTrainer(Split split, size_t max_distinct_bytes = kMaxDistinctBytes)
      : split_(split), max_distinct_bytes_(max_distinct_bytes) {}

  // Counts the pieces of one text. No merge will cross the end of a text or of a piece. Memory grows with the
  // distinct pieces up to the limit; beyond it half of the rarest are dropped, and the other half, chosen by
  // hash, counts twice: so what is left stands for all text so far, whatever the order of the texts.
  void add(std::string_view text);

  // Bytes of the distinct pieces that are counted.
  size_t distinct_bytes() const { return words_.total_bytes(); }

  // Pieces that were dropped so far; one that came again after that may be among them twice.
  uint64_t dropped() const { return dropped_; }

  // Ids 0..255 are the bytes, then one id for each new piece in the order of the merges. The most frequent
  // pair is merged first, of equally frequent ones that with the smaller left id, then the smaller right id.
  // Pairs that occur once are never merged, so the vocabulary may come out smaller than `vocab_size` (>=
  // 256). `cancelled` may be empty; when it returns true, training throws Error(cancelled).
  Vocabulary train(uint32_t vocab_size, const std::function<bool()>& cancelled) const;

 private:
  void count(std::string_view piece);
  void thin();

  Split split_;
  size_t max_distinct_bytes_;
  int thinnings_ = 0;
  uint64_t dropped_ = 0;
  WordTable words_;
  std::vector<int64_t> counts_;  // by word
};

}  // namespace flm::text
