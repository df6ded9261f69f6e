#pragma once
// The working state of BPE training: every distinct word as a list of symbols, and for each pair of adjacent
// symbols how often and where it occurs. Replacing a pair touches only the places where it occurs.
#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "text/vocabulary.h"
#include "text/word_table.h"

namespace flm::text {

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
  // One byte of a word. A merged symbol lives in the node of its first byte.
  struct Node {
    uint32_t symbol;
    uint32_t previous, next;  // nodes, or kNone at the ends of the word
    uint32_t word;
  };

  struct Occurrences {
    int64_t count = 0;
    // Left nodes in ascending order. An entry goes stale when one of its two symbols is merged away; the
    // symbol of a node only ever gets longer, so a stale entry never becomes valid again.
    std::vector<uint32_t> nodes;
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

  void add_word(std::string_view word, uint32_t number);
  void remove_pair(uint32_t left, uint32_t right, int64_t count);
  void add_pair(uint32_t node, int64_t count);

  static constexpr uint32_t kNone = UINT32_MAX;

  const std::vector<int64_t>& counts_;
  std::vector<Node> nodes_;
  std::unordered_map<uint64_t, Occurrences, KeyHash> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<uint64_t> new_pairs_;  // made by the current replace()
};

}  // namespace flm::text
