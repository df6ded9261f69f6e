#pragma once
// The working state of BPE training: every distinct word as its symbols, and for each pair of adjacent
// symbols how often and in which words it occurs. Replacing a pair touches only the words in which it occurs.
#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "text/vocabulary.h"
#include "text/word_table.h"

namespace flm::text {

// Takes about 16 bytes for each byte of the words.
class PairIndex {
 public:
  // `counts[w]` is how often word w occurs. Both must outlive the index.
  PairIndex(const WordTable& words, const std::vector<int64_t>& counts);

  // Takes the most frequent pair (ties: smaller left, then smaller right id) out of the queue. False if no
  // pair occurs at least twice.
  bool next_pair(Merge& pair);

  // Replaces every occurrence of the pair that next_pair() returned by `joined`, a symbol not used before.
  void replace(Merge pair, uint32_t joined);

 private:
  struct Word {
    uint32_t begin, size;  // its symbols are symbols_[begin .. begin + size)
  };

  struct Occurrences {
    int64_t count = 0;
    // In ascending order. A word stays when it loses the pair; it cannot get it back, because what is added
    // always has a symbol that is new.
    std::vector<uint32_t> words;
  };

  // The count was right when the candidate was queued and may have fallen since.
  struct Candidate {
    int64_t count;
    uint64_t key;
    bool operator<(const Candidate& other) const {
      return count < other.count || (count == other.count && key > other.key);
    }
  };

  struct KeyHash {
    size_t operator()(uint64_t key) const {
      key = (key ^ key >> 31) * 0x9E3779B97F4A7C15ull;
      return key ^ key >> 29;
    }
  };

  void add_words(const WordTable& words);
  void add_byte_pairs();
  void replace_in(uint32_t word, Merge pair, uint32_t joined);
  void remove_pair(uint32_t left, uint32_t right, int64_t count);
  void add_pair(uint32_t left, uint32_t right, uint32_t word);

  const std::vector<int64_t>& counts_;
  std::vector<Word> words_;
  std::vector<uint32_t> symbols_;
  std::unordered_map<uint64_t, Occurrences, KeyHash> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<uint64_t> new_pairs_;  // made by the current replace()
};

}  // namespace flm::text
