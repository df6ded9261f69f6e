#include "text/word_table.h"

#include <string>

#include "test.h"

namespace flm::text {
namespace {

FLM_TEST(word_table_numbers_words_in_order) {
  WordTable words;
  CHECK_EQ(words.insert("one").first, 0u);
  CHECK_EQ(words.insert("").first, 1u);
  CHECK(words.insert("two").second);
  CHECK(!words.insert("one").second);
  CHECK_EQ(words.size(), 3u);
  CHECK_EQ(words[1], "");
  CHECK_EQ(words[2], "two");
  CHECK_EQ(words.find("two"), 2u);
  CHECK_EQ(words.find("three"), WordTable::kAbsent);
}

FLM_TEST(word_table_keeps_words_while_it_grows) {
  WordTable words;
  constexpr uint32_t kWords = 20000;
  for (uint32_t i = 0; i < kWords; ++i)
    CHECK_EQ(words.insert("a rather long word " + std::to_string(i)).first, i);
  for (uint32_t i = 0; i < kWords; ++i) CHECK_EQ(words.find("a rather long word " + std::to_string(i)), i);
  words.clear();
  CHECK_EQ(words.size(), 0u);
  CHECK_EQ(words.find("a rather long word 7"), WordTable::kAbsent);
}

}  // namespace
}  // namespace flm::text
