#pragma once
// A set of byte strings, numbered 0, 1, 2, ... in the order of their insertion.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flm::text {

class WordTable {
 public:
  WordTable();

  // The word's number, and whether it is new.
  std::pair<uint32_t, bool> insert(std::string_view word);

  // The number of `word`, or kAbsent.
  uint32_t find(std::string_view word) const;

  // Valid until the next insert() or clear().
  std::string_view operator[](uint32_t word) const;

  uint32_t size() const { return static_cast<uint32_t>(ends_.size()); }
  size_t total_bytes() const { return bytes_.size(); }
  void clear();

  static constexpr uint32_t kAbsent = UINT32_MAX;

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t word = kAbsent;
  };

  // The slot that holds the word, or the empty one where it belongs.
  size_t slot_of(std::string_view word, uint32_t hash) const;
  void grow();

  std::string bytes_;         // all words, one after the other
  std::vector<size_t> ends_;  // end of each word in bytes_
  std::vector<Slot> slots_;   // open addressing with linear probing; the size is a power of two
};

}  // namespace flm::text
