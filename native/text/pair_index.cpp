#include "text/pair_index.h"

#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace flm::text {
namespace {

constexpr int64_t kMinCount = 2;
constexpr uint32_t kBytes = 256;

}  // namespace

PairIndex::PairIndex(const WordTable& words, const std::vector<int64_t>& counts) : counts_(counts) {
  constexpr size_t kLimit = std::numeric_limits<uint32_t>::max();
  FLM_CHECK(words.total_bytes() < kLimit, ErrorCode::out_of_memory, "the distinct words have ",
            words.total_bytes(), " bytes, more than the limit of ", kLimit,
            "; train the tokenizer on a smaller sample");
  add_words(words);
  add_byte_pairs();
  std::vector<Candidate> candidates;
  candidates.reserve(pairs_.size());
  for (const auto& [key, occurrences] : pairs_) candidates.push_back({occurrences.count, key});
  queue_ = std::priority_queue<Candidate>(std::less<Candidate>(), std::move(candidates));
}

void PairIndex::add_words(const WordTable& words) {
  words_.reserve(words.size());
  symbols_.reserve(words.total_bytes());
  for (uint32_t word = 0; word < words.size(); ++word) {
    const std::string_view bytes = words[word];
    words_.push_back({static_cast<uint32_t>(symbols_.size()), static_cast<uint32_t>(bytes.size())});
    for (const char c : bytes) symbols_.push_back(static_cast<unsigned char>(c));
  }
}

void PairIndex::add_byte_pairs() {
  // Lists that grow by doubling would take twice the room, and these are the longest of all.
  std::vector<uint32_t> places(kBytes * kBytes);
  const auto each_pair = [&](auto&& visit) {
    for (uint32_t word = 0; word < words_.size(); ++word) {
      const uint32_t* symbols = symbols_.data() + words_[word].begin;
      for (uint32_t i = 0; i + 1 < words_[word].size; ++i) visit(symbols[i], symbols[i + 1], word);
    }
  };
  each_pair([&](uint32_t left, uint32_t right, uint32_t) { ++places[left * kBytes + right]; });
  for (uint32_t pair = 0; pair < places.size(); ++pair) {
    if (places[pair] > 0) pairs_[pair_key(pair / kBytes, pair % kBytes)].words.reserve(places[pair]);
  }
  each_pair([&](uint32_t left, uint32_t right, uint32_t word) { add_pair(left, right, word); });
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
  const std::vector<uint32_t> words = std::move(found->second.words);
  pairs_.erase(found);
  new_pairs_.clear();
  for (const uint32_t word : words) replace_in(word, pair, joined);
  for (const uint64_t key : new_pairs_) {
    const auto made = pairs_.find(key);
    if (made == pairs_.end()) continue;
    const int64_t count = made->second.count;
    // From now on it can only fall: most new pairs are of one word that came once, and would fill the memory.
    if (count < kMinCount)
      pairs_.erase(made);
    else
      queue_.push({count, key});
  }
}

void PairIndex::replace_in(uint32_t word, Merge pair, uint32_t joined) {
  const int64_t count = counts_[word];
  const uint32_t size = words_[word].size;
  uint32_t* symbols = symbols_.data() + words_[word].begin;
  uint32_t kept = 0;
  // From the left, as in encoding: of "aaa" the first two are joined.
  for (uint32_t i = 0; i < size; ++i, ++kept) {
    const uint32_t symbol = symbols[i];
    symbols[kept] = symbol;
    if (symbol != pair.left || i + 1 == size || symbols[i + 1] != pair.right) continue;
    ++i;
    if (kept > 0) remove_pair(symbols[kept - 1], pair.left, count);
    if (i + 1 < size) remove_pair(pair.right, symbols[i + 1], count);
    symbols[kept] = joined;
    if (kept > 0) add_pair(symbols[kept - 1], joined, word);
    if (i + 1 < size) add_pair(joined, symbols[i + 1], word);
  }
  words_[word].size = kept;
}

void PairIndex::remove_pair(uint32_t left, uint32_t right, int64_t count) {
  // The pair being replaced is gone already; it is its own neighbour in runs such as "aaa".
  const auto found = pairs_.find(pair_key(left, right));
  if (found == pairs_.end()) return;
  found->second.count -= count;
  if (found->second.count == 0) pairs_.erase(found);
}

void PairIndex::add_pair(uint32_t left, uint32_t right, uint32_t word) {
  const uint64_t key = pair_key(left, right);
  const auto [entry, is_new] = pairs_.try_emplace(key);
  if (is_new) new_pairs_.push_back(key);
  Occurrences& pair = entry->second;
  pair.count += counts_[word];
  if (pair.words.empty() || pair.words.back() != word) pair.words.push_back(word);
}

}  // namespace flm::text
