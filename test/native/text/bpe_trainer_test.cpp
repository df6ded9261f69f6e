#include "text/bpe_trainer.h"

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "test.h"

namespace flm::text {
namespace {

using Pair = std::pair<uint32_t, uint32_t>;

// Training by the definition: count every pair anew before each merge.
std::vector<Pair> train_slowly(std::vector<std::vector<uint32_t>> words, size_t merges) {
  std::vector<Pair> result;
  while (result.size() < merges) {
    std::map<Pair, int> counts;
    for (const auto& word : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
    }
    Pair best;
    int best_count = 1;
    for (const auto& [pair, count] : counts) {  // in ascending order, so that ties go to the smaller pair
      if (count > best_count) best = pair, best_count = count;
    }
    if (best_count < 2) break;
    const auto joined = static_cast<uint32_t>(256 + result.size());
    result.push_back(best);
    for (auto& word : words) {
      std::vector<uint32_t> merged;
      for (size_t i = 0; i < word.size(); ++i) {
        const bool match = i + 1 < word.size() && word[i] == best.first && word[i + 1] == best.second;
        merged.push_back(match ? joined : word[i]);
        i += match;
      }
      word = merged;
    }
  }
  return result;
}

FLM_TEST(trainer_equals_training_by_definition) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    // Few letters and doubled ones ("aa"), so that ties and overlaps abound.
    BpeTrainer trainer(Split::gpt2);
    std::vector<std::vector<uint32_t>> words;
    for (int i = 0; i < 100; ++i) {
      std::string word;
      for (size_t length = 1 + random() % 12; length > 0; --length) word += "aaabc"[random() % 5];
      trainer.add(word);
      words.emplace_back(word.begin(), word.end());
    }
    std::vector<Pair> merges;
    for (const Merge& merge : trainer.train(256 + 60, {}).merges)
      merges.emplace_back(merge.left, merge.right);
    CHECK(merges == train_slowly(words, 60));
  }
}

FLM_TEST(trainer_orders_ids_by_merge) {
  BpeTrainer trainer(Split::gpt2);
  trainer.add("low low low lower");
  const Vocabulary vocabulary = trainer.train(256 + 3, {});
  CHECK_EQ(vocabulary.pieces.size(), 259u);
  CHECK_EQ(vocabulary.merges.size(), 3u);
  CHECK_EQ(vocabulary.pieces['l'], "l");
  CHECK_EQ(vocabulary.pieces[0], std::string(1, '\0'));
  CHECK_EQ(vocabulary.pieces[256], "lo");  // as often as "ow", but the smaller pair
  CHECK_EQ(vocabulary.pieces[257], "low");
  CHECK_EQ(vocabulary.pieces[258], " low");
  CHECK_EQ(vocabulary.merges[1].left, 256u);
  CHECK_EQ(vocabulary.merges[1].right, uint32_t{'w'});
}

FLM_TEST(trainer_stops_when_no_pair_occurs_twice) {
  BpeTrainer trainer(Split::none);
  trainer.add("abab");
  const Vocabulary vocabulary = trainer.train(1000, {});
  CHECK_EQ(vocabulary.pieces.size(), 257u);
  CHECK_EQ(BpeTrainer(Split::gpt4).train(1000, {}).pieces.size(), 256u);
}

FLM_TEST(trainer_makes_each_piece_once) {
  // No "abc" from both "ab"+"c" and "a"+"bc": every id has bytes of its own.
  BpeTrainer trainer(Split::gpt2);
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string word;
    for (size_t length = 1 + random() % 12; length > 0; --length) word += "aabbc"[random() % 5];
    trainer.add(word);
  }
  const Vocabulary vocabulary = trainer.train(2000, {});
  WordTable pieces;
  for (const std::string& piece : vocabulary.pieces) CHECK(pieces.insert(piece).second);
  CHECK_EQ(vocabulary.merges.size() + 256, vocabulary.pieces.size());
  for (size_t i = 0; i < vocabulary.merges.size(); ++i) {
    const auto [left, right] = vocabulary.merges[i];
    CHECK_EQ(vocabulary.pieces[left] + vocabulary.pieces[right], vocabulary.pieces[256 + i]);
  }
}

FLM_TEST(trainer_rejects_a_vocabulary_smaller_than_the_bytes) {
  CHECK_THROWS(BpeTrainer(Split::gpt2).train(255, {}), ErrorCode::invalid_argument);
}

FLM_TEST(trainer_can_be_cancelled) {
  BpeTrainer trainer(Split::gpt2);
  trainer.add("many many words");
  CHECK_THROWS(trainer.train(300, [] { return true; }), ErrorCode::cancelled);
}

FLM_TEST(trainer_has_bounded_memory_and_stands_for_all_text) {
  constexpr size_t kLimit = 20'000;
  std::mt19937 random(1);
  BpeTrainer trainer(Split::gpt2, kLimit);
  // First pieces that never come again, half a megabyte of them, then one that does.
  for (int i = 0; i < 50'000; ++i) {
    std::string rare = "xy";
    for (int length = 0; length < 10; ++length) rare += char('c' + random() % 10);
    trainer.add(rare);
    CHECK(trainer.distinct_bytes() <= kLimit);
  }
  // All but those of the last count.
  CHECK(trainer.dropped() >= 50'000 - 2 * kLimit / 12);
  for (int i = 0; i < 60'000; ++i) trainer.add("ab");
  const Vocabulary vocabulary = trainer.train(256 + 2, {});
  // "ab" occurs 60,000 times, "xy" 50,000 times; the estimate of the latter is within a few percent.
  CHECK(vocabulary.pieces[256] == "ab");
  CHECK(vocabulary.pieces[257] == "xy");
}

FLM_TEST(trainer_counts_long_pieces_in_parts) {
  BpeTrainer trainer(Split::none, 10'000);
  trainer.add(std::string(1'000'000, 'a'));
  CHECK(trainer.distinct_bytes() <= 10'000);
  CHECK(trainer.train(257, {}).pieces[256] == "aa");
}

}  // namespace
}  // namespace flm::text
