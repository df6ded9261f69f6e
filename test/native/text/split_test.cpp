#include "text/split.h"

#include <string>

#include "test.h"

namespace flm::text {
namespace {

// The pieces of `text`, each followed by "|".
std::string split(Split pattern, std::string_view text) {
  std::string pieces;
  split_pieces(pattern, text, [&](size_t begin, size_t end) {
    pieces.append(text.substr(begin, end - begin));
    pieces += '|';
  });
  return pieces;
}

FLM_TEST(split_none_gives_the_whole_text) {
  CHECK_EQ(split(Split::none, "one two"), "one two|");
  CHECK_EQ(split(Split::none, ""), "");
}

FLM_TEST(split_gpt2_joins_one_space_to_the_word_after_it) {
  CHECK_EQ(split(Split::gpt2, "Hello world  and 42!"), "Hello| world| | and| 42|!|");
  CHECK_EQ(split(Split::gpt2, "a1b2 ..x"), "a|1|b|2| ..|x|");
  CHECK_EQ(split(Split::gpt2, "tab\tend"), "tab|\t|end|");
}

FLM_TEST(split_gpt2_contractions_are_lower_case) {
  CHECK_EQ(split(Split::gpt2, "it's we're I'LL 'tis"), "it|'s| we|'re| I|'|LL| '|tis|");
  CHECK_EQ(split(Split::gpt2, "x'lleft 'r"), "x|'ll|eft| '|r|");
}

FLM_TEST(split_gpt2_whitespace_runs) {
  CHECK_EQ(split(Split::gpt2, "a\n\n b"), "a|\n\n| b|");
  CHECK_EQ(split(Split::gpt2, "a \n"), "a| \n|");
  CHECK_EQ(split(Split::gpt2, "   "), "   |");
  CHECK_EQ(split(Split::gpt2, "a\n b\nc"), "a|\n| b|\n|c|");
}

FLM_TEST(split_gpt4_limits_numbers_and_binds_one_symbol_to_a_word) {
  CHECK_EQ(split(Split::gpt4, "12345(abc) $x"), "123|45|(abc|)| $|x|");
  CHECK_EQ(split(Split::gpt4, "!!a"), "!!|a|");
  CHECK_EQ(split(Split::gpt4, "\tword \tword"), "\tword| |\tword|");
}

FLM_TEST(split_gpt4_contractions_ignore_case) {
  CHECK_EQ(split(Split::gpt4, "IT'S you'Ll we'Re"), "IT|'S| you|'Ll| we|'Re|");
  // U+017F, the long s, is the same letter as "s" when case is ignored.
  CHECK_EQ(split(Split::gpt4, "a'\u017Fb"), "a|'\u017F|b|");
}

FLM_TEST(split_gpt4_line_breaks) {
  CHECK_EQ(split(Split::gpt4, "x;\r\n\n  y"), "x|;\r\n\n| | y|");
  CHECK_EQ(split(Split::gpt4, "x \n \n  y"), "x| \n \n| | y|");
  CHECK_EQ(split(Split::gpt4, "\nword"), "\n|word|");
  CHECK_EQ(split(Split::gpt4, "x  "), "x|  |");
}

FLM_TEST(qwen2_cuts_as_gpt4_with_every_number_alone) {
  CHECK_EQ(split(Split::qwen2, "12345(abc) $x"), "1|2|3|4|5|(abc|)| $|x|");
  CHECK_EQ(split(Split::qwen2, "IT'S a\u00BD 7"), "IT|'S| a|\u00BD| |7|");
}

FLM_TEST(starcoder_cuts_numbers_out_first) {
  CHECK_EQ(split(Split::starcoder, "a12 3b"), "a|1|2| |3|b|");
  CHECK_EQ(split(Split::starcoder, "it's  7 \n 8"), "it|'s|  |7| \n |8|");
  CHECK_EQ(split(Split::starcoder, "x  y \u2167"), "x| | y| |\u2167|");
  CHECK_EQ(split(Split::starcoder, "!!5 .. "), "!!|5| ..| |");
}

FLM_TEST(split_knows_the_classes_of_other_scripts) {
  CHECK_EQ(split(Split::gpt2, "你好，世界。 中文"), "你好|，|世界|。| 中文|");
  CHECK_EQ(split(Split::gpt4, "你好，世界。 中文"), "你好|，世界|。| 中文|");
  CHECK_EQ(split(Split::gpt2, "caf\u00E9 e\u0301x"),
           "caf\u00E9| e|\u0301|x|");  // a combining mark is a symbol
  CHECK_EQ(split(Split::gpt2, "\u0664\u2167\u00BD\U0001D400"), "\u0664\u2167\u00BD|\U0001D400|");
  CHECK_EQ(split(Split::gpt2, "\U0001F600\u200D\U0001F680a"), "\U0001F600\u200D\U0001F680|a|");
}

FLM_TEST(split_whitespace_is_the_unicode_property) {
  for (const char* space : {"\u0085", "\u00A0", "\u1680", "\u2028", "\u3000"}) {
    CHECK_EQ(split(Split::gpt2, std::string("a") + space + "b"), std::string("a|") + space + "|b|");
  }
  // Neither U+FEFF nor U+200B is whitespace: both are symbols, which a space can join.
  CHECK_EQ(split(Split::gpt2, "a \uFEFF\u200B"), "a| \uFEFF\u200B|");
}

FLM_TEST(split_takes_each_invalid_byte_as_a_symbol) {
  CHECK_EQ(split(Split::gpt2, "a\xFF\xC3 b"), "a|\xFF\xC3| b|");
  CHECK_EQ(split(Split::gpt2, "\xC0\x80x"), "\xC0\x80|x|");                  // overlong
  CHECK_EQ(split(Split::gpt2, "\xED\xA0\x80x"), "\xED\xA0\x80|x|");          // surrogate
  CHECK_EQ(split(Split::gpt2, "\xF4\x90\x80\x80x"), "\xF4\x90\x80\x80|x|");  // above U+10FFFF
  CHECK_EQ(split(Split::gpt2, "\xE4\xB8z"), "\xE4\xB8|z|");                  // cut short
  CHECK_EQ(split(Split::gpt2, "\xE4\xB8"), "\xE4\xB8|");
}

}  // namespace
}  // namespace flm::text
