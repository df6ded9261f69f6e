#include "text/bpe_encoder.h"

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "test.h"
#include "text/bpe_trainer.h"

namespace flm::text {
namespace {

using Ids = std::vector<uint32_t>;

Vocabulary byte_vocabulary() { return BpeTrainer(Split::none).train(256, {}); }

// The bytes, then one piece for each merge; a piece is given as the ids of its two halves.
Vocabulary vocabulary_of(const std::vector<Merge>& merges) {
  Vocabulary vocabulary = byte_vocabulary();
  for (const Merge& merge : merges) {
    vocabulary.pieces.push_back(vocabulary.pieces[merge.left] + vocabulary.pieces[merge.right]);
    vocabulary.merges.push_back(merge);
  }
  return vocabulary;
}

Ids encode(const BpeEncoder& encoder, std::string_view text) {
  BpeEncoder::Cache cache;
  Ids ids;
  encoder.encode(text, ids, cache);
  return ids;
}

// Encoding by the definition: look for the leftmost pair of lowest rank before each merge.
Ids encode_slowly(const Vocabulary& vocabulary, std::string_view word) {
  Ids ids;
  for (const char c : word) ids.push_back(static_cast<unsigned char>(c));
  for (;;) {
    size_t best_rank = vocabulary.merges.size(), best = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      for (size_t rank = 0; rank < best_rank; ++rank) {
        const Merge& merge = vocabulary.merges[rank];
        if (merge.left == ids[i] && merge.right == ids[i + 1]) best_rank = rank, best = i;
      }
    }
    if (best_rank == vocabulary.merges.size()) return ids;
    ids[best] = static_cast<uint32_t>(256 + best_rank);
    ids.erase(ids.begin() + best + 1);
  }
}

std::string random_word(std::mt19937& random, size_t max_length) {
  std::string word;
  for (size_t length = 1 + random() % max_length; length > 0; --length) word += "aaabc"[random() % 5];
  return word;
}

FLM_TEST(encoder_equals_encoding_by_definition) {
  std::mt19937 random(5);
  BpeTrainer trainer(Split::none);
  for (int i = 0; i < 500; ++i) trainer.add(random_word(random, 12));
  const Vocabulary vocabulary = trainer.train(256 + 60, {});
  const BpeEncoder encoder(vocabulary, Split::none);
  for (int i = 0; i < 300; ++i) {
    const std::string word = random_word(random, 150);
    CHECK(encode(encoder, word) == encode_slowly(vocabulary, word));
  }
}

FLM_TEST(encoder_merges_by_rank_and_from_the_left) {
  const BpeEncoder encoder(vocabulary_of({{'b', 'c'}, {'a', 'b'}, {'a', 'a'}}), Split::none);
  CHECK(encode(encoder, "abc") == (Ids{'a', 256}));
  CHECK(encode(encoder, "aaa") == (Ids{258, 'a'}));
  CHECK(encode(encoder, "") == Ids{});
}

FLM_TEST(encoder_merges_a_new_pair_of_lower_rank_at_once) {
  // "ab"+"a" ranks before "a"+"b", so the first "ab" takes the "a" of the second.
  Vocabulary vocabulary = vocabulary_of({{'a', 'b'}, {256, 'a'}});
  std::swap(vocabulary.merges[0], vocabulary.merges[1]);
  CHECK(encode(BpeEncoder(vocabulary, Split::none), "abab") == (Ids{257, 'b'}));
}

FLM_TEST(whole_words_go_before_the_merges) {
  Vocabulary vocabulary = vocabulary_of({{'a', 'b'}, {'b', 'c'}});
  vocabulary.pieces.push_back("abc");  // 258, which no merge makes
  const BpeEncoder merged(vocabulary, Split::gpt2),
      whole(vocabulary, Split::gpt2, {.whole_words = true, .added = {}});
  CHECK(encode(merged, "abc abc") == (Ids{256, 'c', ' ', 256, 'c'}));
  CHECK(encode(whole, "abc abc abcd") == (Ids{258, ' ', 256, 'c', ' ', 256, 'c', 'd'}));
}

FLM_TEST(added_tokens_are_found_before_the_text_is_split) {
  Vocabulary vocabulary = vocabulary_of({{'a', 'b'}, {' ', ' '}});
  vocabulary.pieces.insert(vocabulary.pieces.end(), {"<t>", "<t>>", "b<"});  // 258 to 260
  const BpeEncoder encoder(vocabulary, Split::gpt2, {.whole_words = false, .added = {258, 259, 260}});
  CHECK(encode(encoder, "ab<t>ab") == (Ids{'a', 260, 't', '>', 256}));
  CHECK(encode(encoder, "<t>><t>a") == (Ids{259, 258, 'a'}));
  // Where one follows, spaces stand at the end of a text.
  CHECK(encode(encoder, "  <t>  a") == (Ids{257, 258, ' ', ' ', 'a'}));
  CHECK(encode(encoder, "") == Ids{});
  // A merge may make what is an added token too.
  vocabulary.pieces.push_back("ab");  // 261
  const BpeEncoder twice(vocabulary, Split::gpt2, {.whole_words = true, .added = {261}});
  CHECK(encode(twice, "aab") == (Ids{'a', 261}));
  // And it may be one itself.
  const Vocabulary chain = vocabulary_of({{'a', 'b'}, {256, 'c'}, {257, 'd'}});
  const BpeEncoder link(chain, Split::gpt2, {.whole_words = false, .added = {257}});
  CHECK(encode(link, "abcd ab") == (Ids{257, 'd', ' ', 256}));
  const Ids ids = encode(encoder, "ab<t>ab");
  CHECK_EQ(encoder.decode(ids.data(), ids.size()), "ab<t>ab");
  CHECK_THROWS(BpeEncoder(vocabulary, Split::gpt2, {.whole_words = false, .added = {300}}),
               ErrorCode::data_invalid);
}

FLM_TEST(encoder_does_not_merge_across_pieces) {
  const BpeEncoder encoder(vocabulary_of({{'a', ' '}, {' ', 'b'}}), Split::gpt2);
  CHECK(encode(encoder, "a b") == (Ids{'a', 257}));
}

FLM_TEST(encoder_restores_every_byte_string) {
  std::mt19937 random(7);
  BpeTrainer trainer(Split::gpt4);
  trainer.add("the cat sat on the mat, the cat sat; 你好世界你好世界");
  const BpeEncoder encoder(trainer.train(300, {}), Split::gpt4);
  BpeEncoder::Cache cache;
  for (int i = 0; i < 200; ++i) {
    std::string text = i % 2 ? "the cat 你好" : "";
    for (size_t length = random() % 100; length > 0; --length) text += static_cast<char>(random());
    Ids ids;
    encoder.encode(text, ids, cache);
    CHECK_EQ(encoder.decode(ids.data(), ids.size()), text);
  }
}

FLM_TEST(encoder_gives_the_same_ids_from_its_cache) {
  const BpeEncoder encoder(vocabulary_of({{'a', 'b'}, {256, 'c'}}), Split::gpt2);
  BpeEncoder::Cache cache;
  Ids first, second;
  encoder.encode("abc abc ab", first, cache);
  encoder.encode("abc abc ab", second, cache);
  CHECK(first == second);
  // Enough distinct words to fill the cache several times over.
  Ids ids;
  for (int i = 0; i < 800000; ++i) encoder.encode("word_" + std::to_string(i), ids, cache);
  second.clear();
  encoder.encode("abc abc ab", second, cache);
  CHECK(first == second);
}

FLM_TEST(encoder_takes_very_long_words) {
  // One word of a megabyte: an algorithm that is quadratic in its length would not come back.
  constexpr size_t kLength = size_t{1} << 20;
  std::vector<Merge> merges{{'a', 'a'}};
  for (uint32_t i = 0; i < 9; ++i) merges.push_back({256 + i, 256 + i});
  const BpeEncoder encoder(vocabulary_of(merges), Split::gpt2);
  const Ids ids = encode(encoder, std::string(kLength, 'a'));
  CHECK_EQ(ids.size(), kLength >> 10);
  CHECK_EQ(ids.front(), 265u);
  CHECK_EQ(ids.back(), 265u);
}

FLM_TEST(encoder_allows_any_order_of_ids_and_pieces_without_merges) {
  Vocabulary vocabulary;
  vocabulary.pieces = {"", "ab", "never merged"};
  for (int byte = 255; byte >= 0; --byte)
    vocabulary.pieces.push_back(std::string(1, static_cast<char>(byte)));
  const auto id_of = [](char c) { return static_cast<uint32_t>(3 + 255 - static_cast<unsigned char>(c)); };
  vocabulary.merges = {{id_of('a'), id_of('b')}};
  const BpeEncoder encoder(vocabulary, Split::none);
  CHECK(encode(encoder, "abb") == (Ids{1, id_of('b')}));
  const Ids ids{2, 0, 1};
  CHECK_EQ(encoder.decode(ids.data(), ids.size()), "never mergedab");
}

FLM_TEST(encoder_may_be_shared_between_threads) {
  const BpeEncoder encoder(vocabulary_of({{'a', 'b'}, {256, 256}}), Split::gpt2);
  const std::string text = "abab ab abababab";
  const Ids expected = encode(encoder, text);
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (Ids& ids : results) threads.emplace_back([&] { ids = encode(encoder, text); });
  for (std::thread& thread : threads) thread.join();
  for (const Ids& ids : results) CHECK(ids == expected);
}

FLM_TEST(encoder_refuses_inconsistent_tables) {
  Vocabulary missing_byte = byte_vocabulary();
  missing_byte.pieces[7].clear();
  CHECK_THROWS(BpeEncoder(missing_byte, Split::none), ErrorCode::data_invalid);

  Vocabulary same_piece = byte_vocabulary();
  same_piece.pieces.push_back("a");
  CHECK_THROWS(BpeEncoder(same_piece, Split::none), ErrorCode::data_invalid);

  Vocabulary unknown_id = byte_vocabulary();
  unknown_id.merges.push_back({'a', 256});
  CHECK_THROWS(BpeEncoder(unknown_id, Split::none), ErrorCode::data_invalid);

  Vocabulary no_result = byte_vocabulary();
  no_result.merges.push_back({'a', 'b'});
  CHECK_THROWS(BpeEncoder(no_result, Split::none), ErrorCode::data_invalid);

  Vocabulary twice = vocabulary_of({{'a', 'b'}});
  twice.merges.push_back(twice.merges.front());
  CHECK_THROWS(BpeEncoder(twice, Split::none), ErrorCode::data_invalid);
}

FLM_TEST(encoder_refuses_unknown_ids_and_foreign_caches) {
  const BpeEncoder encoder(byte_vocabulary(), Split::none), other(byte_vocabulary(), Split::none);
  const uint32_t outside = 256;
  CHECK_THROWS(encoder.decode(&outside, 1), ErrorCode::invalid_argument);
  BpeEncoder::Cache cache;
  Ids ids;
  encoder.encode("ab", ids, cache);
  CHECK_THROWS(other.encode("ab", ids, cache), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace flm::text
