#pragma once
// The tables of a byte-level BPE tokenizer.
#include <cstdint>
#include <string>
#include <vector>

namespace flm::text {

struct Merge {
  uint32_t left, right;  // ids
};

// Ids are arbitrary: files of other programs may order them differently from BpeTrainer.
struct Vocabulary {
  std::vector<std::string> pieces;  // id -> raw bytes; "" for an id that is unused or special
  std::vector<Merge> merges;        // in rank order; left + right becomes the id of the joined bytes
};

// A pair of ids as one hash key.
inline uint64_t pair_key(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

}  // namespace flm::text
