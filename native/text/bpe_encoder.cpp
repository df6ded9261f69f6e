#include "text/bpe_encoder.h"

#include <utility>

#include "core/error.h"

namespace flm::text {
namespace {

// Longer words seldom come again.
constexpr size_t kMaxCachedBytes = 64;
constexpr size_t kMaxCacheMemory = size_t{16} << 20;

const std::string& piece_of(const Vocabulary& vocabulary, uint32_t id, size_t merge) {
  FLM_CHECK(id < vocabulary.pieces.size() && !vocabulary.pieces[id].empty(), ErrorCode::data_invalid,
            "merge ", merge, " refers to id ", id, ", which has no piece in the vocabulary of ",
            vocabulary.pieces.size(), " ids");
  return vocabulary.pieces[id];
}

}  // namespace

BpeEncoder::BpeEncoder(Vocabulary vocabulary, Split split, EncoderOptions options)
    : vocabulary_(std::move(vocabulary)),
      split_(split),
      merges_(vocabulary_.merges.size()),
      added_(vocabulary_.pieces, options.added) {
  PieceIndex index(vocabulary_.pieces, options.added);
  for (uint32_t byte = 0; byte < byte_ids_.size(); ++byte) {
    const auto c = static_cast<char>(byte);
    byte_ids_[byte] = index.find({&c, 1});
    FLM_CHECK(byte_ids_[byte] != PieceIndex::kAbsent, ErrorCode::data_invalid,
              "the vocabulary has no piece for byte ", byte, "; a byte-level vocabulary needs all 256");
  }
  for (size_t i = 0; i < vocabulary_.merges.size(); ++i) {
    const Merge merge = vocabulary_.merges[i];
    const uint32_t joined =
        index.find(piece_of(vocabulary_, merge.left, i) + piece_of(vocabulary_, merge.right, i));
    FLM_CHECK(joined != PieceIndex::kAbsent, ErrorCode::data_invalid, "merge ", i, " joins ids ", merge.left,
              " and ", merge.right, ", but no id has the joined bytes");
    FLM_CHECK(merges_.append(merge, joined), ErrorCode::data_invalid, "merge ", i, " of ids ", merge.left,
              " and ", merge.right, " occurs twice");
  }
  if (options.whole_words) whole_words_ = std::move(index);
}

void BpeEncoder::encode(std::string_view text, std::vector<uint32_t>& out, Cache& cache) const {
  if (cache.owner_ == nullptr) cache.owner_ = this;
  FLM_CHECK(cache.owner_ == this, ErrorCode::invalid_argument,
            "this cache belongs to another BpeEncoder; make one cache for each encoder and thread");
  for (size_t from = 0; from < text.size();) {
    const auto [begin, end, id] = added_.next(text, from);
    const std::string_view plain = text.substr(from, begin - from);
    split_pieces(split_, plain, [&](size_t first, size_t last) {
      append_word(plain.substr(first, last - first), out, cache);
    });
    if (begin < end) out.push_back(id);
    from = end;
  }
}

void BpeEncoder::append_word(std::string_view word, std::vector<uint32_t>& out, Cache& cache) const {
  if (word.size() == 1) {
    out.push_back(byte_ids_[static_cast<unsigned char>(word[0])]);
    return;
  }
  if (word.size() > kMaxCachedBytes) {
    append_merged(word, out, cache.merger_);
    return;
  }
  if (cache.memory() > kMaxCacheMemory) cache.clear();
  const auto [number, is_new] = cache.words_.insert(word);
  if (is_new) {
    append_merged(word, cache.ids_, cache.merger_);
    cache.id_ends_.push_back(static_cast<uint32_t>(cache.ids_.size()));
  }
  const uint32_t* ids = cache.ids_.data();
  out.insert(out.end(), ids + (number == 0 ? 0 : cache.id_ends_[number - 1]), ids + cache.id_ends_[number]);
}

void BpeEncoder::append_merged(std::string_view word, std::vector<uint32_t>& out, WordMerger& merger) const {
  const uint32_t whole = whole_words_ ? whole_words_->find(word) : PieceIndex::kAbsent;
  if (whole != PieceIndex::kAbsent) {
    out.push_back(whole);
    return;
  }
  const size_t begin = out.size();
  for (const char c : word) out.push_back(byte_ids_[static_cast<unsigned char>(c)]);
  out.resize(begin + merger.merge(merges_, out.data() + begin, word.size()));
}

std::string BpeEncoder::decode(const uint32_t* ids, size_t count) const {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    FLM_CHECK(ids[i] < vocabulary_.pieces.size(), ErrorCode::invalid_argument, "token id ", ids[i],
              " at position ", i, " is outside the vocabulary of ", vocabulary_.pieces.size(), " ids");
    text += vocabulary_.pieces[ids[i]];
  }
  return text;
}

size_t BpeEncoder::Cache::memory() const {
  // 24 bytes a word: its ends in both lists and, in a table at most half full, its slots.
  return words_.total_bytes() + ids_.size() * sizeof(uint32_t) + size_t{24} * words_.size();
}

void BpeEncoder::Cache::clear() {
  words_.clear();
  ids_.clear();
  id_ends_.clear();
}

}  // namespace flm::text
