#include "text/word_merger.h"

#include <algorithm>
#include <functional>

#include "core/error.h"

namespace flm::text {
namespace {

// Working memory for longer words is given back.
constexpr size_t kKeptSymbols = size_t{1} << 16;

}  // namespace

size_t WordMerger::merge(const MergeTable& table, uint32_t* symbols, size_t size) {
  FLM_CHECK(size < kNone, ErrorCode::invalid_argument, "a piece of text has ", size,
            " bytes, more than the limit of ", kNone, "; split the text into documents");
  start(table, symbols, static_cast<uint32_t>(size));
  while (!pairs_.empty()) {
    const uint64_t pair = pop();
    const auto rank = static_cast<uint32_t>(pair >> 32);
    const auto left = static_cast<uint32_t>(pair);
    // Entries stay when a neighbour is merged; such a pair has another rank now, or is gone.
    const auto [previous, right] = links_[left];
    if (symbols[left] == kNone || right == kNone) continue;
    if (table.rank(symbols[left], symbols[right]) != rank) continue;
    symbols[left] = table.joined(rank);
    symbols[right] = kNone;
    const uint32_t next = links_[right].next;
    links_[left].next = next;
    if (next != kNone) {
      links_[next].previous = left;
      push(table, symbols, left, next);
    }
    if (previous != kNone) push(table, symbols, previous, left);
  }
  if (size > kKeptSymbols) *this = {};
  return std::remove(symbols, symbols + size, kNone) - symbols;
}

void WordMerger::start(const MergeTable& table, const uint32_t* symbols, uint32_t size) {
  links_.resize(size);
  pairs_.clear();
  for (uint32_t i = 0; i < size; ++i) {
    links_[i] = {i == 0 ? kNone : i - 1, i + 1 == size ? kNone : i + 1};
    const uint32_t rank = i + 1 == size ? MergeTable::kNoRank : table.rank(symbols[i], symbols[i + 1]);
    if (rank != MergeTable::kNoRank) pairs_.push_back(uint64_t{rank} << 32 | i);
  }
  std::make_heap(pairs_.begin(), pairs_.end(), std::greater<>());
}

void WordMerger::push(const MergeTable& table, const uint32_t* symbols, uint32_t left, uint32_t right) {
  const uint32_t rank = table.rank(symbols[left], symbols[right]);
  if (rank == MergeTable::kNoRank) return;
  pairs_.push_back(uint64_t{rank} << 32 | left);
  std::push_heap(pairs_.begin(), pairs_.end(), std::greater<>());
}

uint64_t WordMerger::pop() {
  std::pop_heap(pairs_.begin(), pairs_.end(), std::greater<>());
  const uint64_t pair = pairs_.back();
  pairs_.pop_back();
  return pair;
}

}  // namespace flm::text
