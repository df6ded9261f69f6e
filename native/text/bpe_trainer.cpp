#include "text/bpe_trainer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "text/pair_index.h"

namespace flm::text {
namespace {

constexpr uint32_t kBytes = 256;
constexpr size_t kMergesBetweenPolls = 64;
// A longer piece, such as a file without spaces, is counted in parts: one piece must not fill the memory.
constexpr size_t kMaxPieceBytes = 1024;

// The number of each byte string is its id.
WordTable byte_pieces() {
  WordTable pieces;
  for (uint32_t byte = 0; byte < kBytes; ++byte) {
    const auto c = static_cast<char>(byte);
    pieces.insert({&c, 1});
  }
  return pieces;
}

// Half of all pieces, others in each round (FNV-1a).
bool is_kept(std::string_view piece, int round) {
  uint64_t hash = 0xcbf29ce484222325ull + static_cast<uint64_t>(round);
  for (const char c : piece) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return (hash ^ hash >> 29) >> 5 & 1;
}

}  // namespace

void BpeTrainer::add(std::string_view text) {
  split_pieces(split_, text, [&](size_t begin, size_t end) {
    for (; begin < end; begin += kMaxPieceBytes) {
      count(text.substr(begin, std::min(end - begin, kMaxPieceBytes)));
    }
  });
}

void BpeTrainer::count(std::string_view piece) {
  const auto [word, is_new] = words_.insert(piece);
  if (is_new) counts_.push_back(0);
  ++counts_[word];
  if (!is_new || distinct_bytes() <= max_distinct_bytes_) return;
  // Down to half, so that the next time is far away.
  while (distinct_bytes() > max_distinct_bytes_ / 2) thin();
}

void BpeTrainer::thin() {
  // A piece that was met once and has been kept in every round counts as many.
  const int64_t rare = int64_t{1} << std::min(thinnings_, 62);
  WordTable words;
  std::vector<int64_t> counts;
  for (uint32_t word = 0; word < words_.size(); ++word) {
    const bool is_rare = counts_[word] <= rare;
    if (is_rare && !is_kept(words_[word], thinnings_)) continue;
    words.insert(words_[word]);
    counts.push_back(is_rare ? 2 * counts_[word] : counts_[word]);
  }
  ++thinnings_;
  dropped_ += words_.size() - words.size();
  words_ = std::move(words);
  counts_ = std::move(counts);
}

Vocabulary BpeTrainer::train(uint32_t vocab_size, const std::function<bool()>& cancelled) const {
  FLM_CHECK(vocab_size >= kBytes, ErrorCode::invalid_argument, "vocab_size is ", vocab_size,
            ", but a byte-level vocabulary has at least ", kBytes, " pieces");
  WordTable pieces = byte_pieces();
  PairIndex index(words_, counts_);
  Vocabulary vocabulary;
  Merge pair;
  while (pieces.size() < vocab_size && index.next_pair(pair)) {
    if (vocabulary.merges.size() % kMergesBetweenPolls == 0 && cancelled && cancelled()) {
      fail(ErrorCode::cancelled, "tokenizer training was cancelled");
    }
    std::string bytes(pieces[pair.left]);
    bytes += pieces[pair.right];
    // Always a new piece: the same bytes undergo the same merges wherever they stand, so a piece that came
    // from "ab"+"c" can never come from "a"+"bc" as well.
    index.replace(pair, pieces.insert(bytes).first);
    vocabulary.merges.push_back(pair);
  }
  for (uint32_t id = 0; id < pieces.size(); ++id) vocabulary.pieces.emplace_back(pieces[id]);
  return vocabulary;
}

}  // namespace flm::text
