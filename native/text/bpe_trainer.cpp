#include "text/bpe_trainer.h"

#include "core/error.h"
#include "text/pair_index.h"

namespace flm::text {
namespace {

constexpr uint32_t kBytes = 256;
constexpr size_t kMergesBetweenPolls = 64;

// The number of each byte string is its id.
WordTable byte_pieces() {
  WordTable pieces;
  for (uint32_t byte = 0; byte < kBytes; ++byte) {
    const auto c = static_cast<char>(byte);
    pieces.insert({&c, 1});
  }
  return pieces;
}

}  // namespace

void BpeTrainer::add(std::string_view text) {
  split_pieces(split_, text, [&](size_t begin, size_t end) {
    const auto [word, is_new] = words_.insert(text.substr(begin, end - begin));
    if (is_new) counts_.push_back(0);
    ++counts_[word];
  });
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
