#pragma once
// The encoding step of BPE: applies merges to the symbols of one word.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "text/merge_table.h"

namespace flm::text {

// Holds nothing but working memory, kept from word to word. For one thread at a time.
class WordMerger {
 public:
  // Joins the pair of lowest rank, of equal ones the leftmost, again and again until no pair has a rank.
  // Works in place on symbols[0..size) and returns how many symbols remain. O(size * log size).
  size_t merge(const MergeTable& table, uint32_t* symbols, size_t size);

 private:
  struct Links {
    uint32_t previous, next;  // positions, or kNone at the ends
  };

  void start(const MergeTable& table, const uint32_t* symbols, uint32_t size);
  void push(const MergeTable& table, const uint32_t* symbols, uint32_t left, uint32_t right);
  uint64_t pop();

  static constexpr uint32_t kNone = UINT32_MAX;

  std::vector<Links> links_;
  std::vector<uint64_t> pairs_;  // min-heap of rank << 32 | left position
};

}  // namespace flm::text
