#pragma once
// Byte-level BPE encoding and decoding with a given vocabulary.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/merge_table.h"
#include "text/piece_index.h"
#include "text/split.h"
#include "text/vocabulary.h"
#include "text/word_merger.h"
#include "text/word_table.h"

namespace flm::text {

struct EncoderOptions {
  // A word that is a piece of the vocabulary gets its id, whatever merges would give: Hugging Face's
  // ignore_merges.
  bool whole_words = false;
  // Ids whose pieces are found in the text before it is split.
  std::vector<uint32_t> added;
};

// Immutable after construction: threads may share one encoder, each with a Cache of its own.
class BpeEncoder {
 public:
  class Cache;

  // Throws Error(data_invalid), naming the entry, if a byte has no piece, two ids have the same piece, a
  // merge refers to an id without a piece, joins to bytes that are no piece, or occurs twice. Pieces that no
  // merge makes are allowed: encode() never gives them, decode() knows them.
  BpeEncoder(Vocabulary vocabulary, Split split, EncoderOptions options = {});

  // Appends the ids of `text` to `out`: the text is split into pieces, and within each piece the pair of
  // lowest merge rank is joined until none is left. Every byte string can be encoded, and decode() restores
  // it.
  void encode(std::string_view text, std::vector<uint32_t>& out, Cache& cache) const;

  // The bytes of the ids; unused and special ids give nothing. Throws Error(invalid_argument) for an id
  // outside the vocabulary. A character may be cut at either end of the result.
  std::string decode(const uint32_t* ids, size_t count) const;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  void append_word(std::string_view word, std::vector<uint32_t>& out, Cache& cache) const;
  void append_merged(std::string_view word, std::vector<uint32_t>& out, WordMerger& merger) const;

  Vocabulary vocabulary_;
  Split split_;
  std::array<uint32_t, 256> byte_ids_;
  MergeTable merges_;
  AddedTokens added_;
  std::optional<PieceIndex> whole_words_;
};

// The ids of words met before, and working memory. For one encoder and one thread at a time. Its size is
// bounded: when full, it starts afresh.
class BpeEncoder::Cache {
 private:
  friend class BpeEncoder;

  size_t memory() const;
  void clear();

  const BpeEncoder* owner_ = nullptr;  // the first encoder that used this cache
  WordTable words_;
  std::vector<uint32_t> ids_;      // of all words, one after the other
  std::vector<uint32_t> id_ends_;  // end of each word in ids_
  WordMerger merger_;
};

}  // namespace flm::text
