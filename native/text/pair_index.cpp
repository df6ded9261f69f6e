#include "text/pair_index.h"

#include <functional>
#include <utility>

#include "core/error.h"

namespace flm::text {
namespace {

constexpr int64_t kMinCount = 2;

}  // namespace

PairIndex::PairIndex(const WordTable& words, const std::vector<int64_t>& counts) : counts_(counts) {
  FLM_CHECK(words.total_bytes() < kNone, ErrorCode::out_of_memory, "the distinct words have ",
            words.total_bytes(), " bytes, more than the limit of ", kNone,
            "; train the tokenizer on a smaller sample");
  nodes_.reserve(words.total_bytes());
  for (uint32_t word = 0; word < words.size(); ++word) add_word(words[word], word);
  std::vector<Candidate> candidates;
  candidates.reserve(pairs_.size());
  for (const auto& [key, occurrences] : pairs_) candidates.push_back({occurrences.count, key});
  queue_ = std::priority_queue<Candidate>(std::less<Candidate>(), std::move(candidates));
}

void PairIndex::add_word(std::string_view word, uint32_t number) {
  const auto first = static_cast<uint32_t>(nodes_.size());
  const auto last = static_cast<uint32_t>(first + word.size() - 1);
  for (uint32_t node = first; node <= last; ++node) {
    const auto byte = static_cast<unsigned char>(word[node - first]);
    nodes_.push_back({byte, node == first ? kNone : node - 1, node == last ? kNone : node + 1, number});
  }
  for (uint32_t node = first; node < last; ++node) {
    Occurrences& pair = pairs_[pair_key(nodes_[node].symbol, nodes_[node + 1].symbol)];
    pair.count += counts_[number];
    pair.nodes.push_back(node);
  }
}

bool PairIndex::next_pair(Merge& pair) {
  while (!queue_.empty() && queue_.top().count >= kMinCount) {
    const Candidate candidate = queue_.top();
    queue_.pop();
    const auto found = pairs_.find(candidate.key);
    if (found == pairs_.end()) continue;
    const int64_t count = found->second.count;
    if (count == candidate.count) {
      pair = {static_cast<uint32_t>(candidate.key >> 32), static_cast<uint32_t>(candidate.key)};
      return true;
    }
    queue_.push({count, candidate.key});
  }
  return false;
}

void PairIndex::replace(Merge pair, uint32_t joined) {
  const auto found = pairs_.find(pair_key(pair.left, pair.right));
  std::vector<uint32_t> places = std::move(found->second.nodes);
  pairs_.erase(found);
  new_pairs_.clear();
  // Places ascend, so that in a run such as "aaa" the leftmost pair comes first, as in encoding.
  for (const uint32_t place : places) {
    Node& left = nodes_[place];
    if (left.symbol != pair.left || left.next == kNone || nodes_[left.next].symbol != pair.right) continue;
    Node& right = nodes_[left.next];
    const int64_t count = counts_[left.word];
    if (left.previous != kNone) remove_pair(nodes_[left.previous].symbol, pair.left, count);
    if (right.next != kNone) remove_pair(pair.right, nodes_[right.next].symbol, count);
    left.symbol = joined;
    left.next = right.next;
    right.symbol = kNone;
    if (left.next != kNone) nodes_[left.next].previous = place;
    if (left.previous != kNone) add_pair(left.previous, count);
    if (left.next != kNone) add_pair(place, count);
  }
  for (const uint64_t key : new_pairs_) queue_.push({pairs_[key].count, key});
}

void PairIndex::remove_pair(uint32_t left, uint32_t right, int64_t count) {
  // The pair being replaced is gone already; it is its own neighbour in runs such as "aaa".
  const auto found = pairs_.find(pair_key(left, right));
  if (found != pairs_.end()) found->second.count -= count;
}

void PairIndex::add_pair(uint32_t node, int64_t count) {
  const uint64_t key = pair_key(nodes_[node].symbol, nodes_[nodes_[node].next].symbol);
  const auto [entry, is_new] = pairs_.try_emplace(key);
  if (is_new) new_pairs_.push_back(key);
  entry->second.count += count;
  entry->second.nodes.push_back(node);
}

}  // namespace flm::text
