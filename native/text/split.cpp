#include "text/split.h"

#include "text/unicode_class.h"

// The patterns are matched by hand, one branch for each alternative that can still win: a regular expression
// engine would cost more than the merges.
namespace flm::text {
namespace {

bool is_line_break(char c) { return c == '\n' || c == '\r'; }

const char* skip_class(CharClass kind, const char* p, const char* end) {
  while (p < end) {
    const Character character = read_character(p, end);
    if (character.kind != kind) break;
    p += character.size;
  }
  return p;
}

// Bytes of the contraction at `p`, which holds an apostrophe; 0 if there is none.
size_t contraction_size(const char* p, const char* end, bool ignore_case) {
  const auto letter = [&](int offset) {
    if (end - p <= offset) return '\0';
    const char c = p[offset];
    return ignore_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  const char first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if ((first == 'r' || first == 'v') && second == 'e') return 3;
  if (first == 'l' && second == 'l') return 3;
  // U+017F (long s) folds to "s"; it is the only non-ASCII character that folds to one of these letters.
  if (ignore_case && first == '\xC5' && second == '\xBF') return 3;
  return 0;
}

struct WhitespaceRun {
  const char* last;              // the run's last character
  const char* end;               // one past the run
  const char* after_line_break;  // one past the run's last \r or \n, or null
};

// The run at `p`, which holds a whitespace character.
WhitespaceRun whitespace_run(const char* p, const char* end) {
  WhitespaceRun run{p, p, nullptr};
  while (run.end < end) {
    const Character character = read_character(run.end, end);
    if (character.kind != CharClass::space) break;
    run.last = run.end;
    run.end += character.size;
    if (is_line_break(*run.last)) run.after_line_break = run.end;
  }
  return run;
}

// \s+(?!\S)|\s+ : before other text a run leaves its last character, so that a space can join the next word.
const char* whitespace_end(const char* p, const char* end, const WhitespaceRun& run) {
  return run.end == end || run.last == p ? run.end : run.last;
}

bool is_number(const char* p, const char* end) {
  return p < end && read_character(p, end).kind == CharClass::number;
}

const char* gpt2_end(const char* p, const char* end) {
  if (*p == '\'') {
    if (const size_t size = contraction_size(p, end, false)) return p + size;
  }
  const Character first = read_character(p, end);
  const char* after = p + first.size;
  if (first.kind != CharClass::space) return skip_class(first.kind, after, end);
  if (*p == ' ' && after < end) {
    const Character second = read_character(after, end);
    if (second.kind != CharClass::space) return skip_class(second.kind, after + second.size, end);
  }
  return whitespace_end(p, end, whitespace_run(p, end));
}

// A number ends the text for what stands in front of it.
const char* starcoder_end(const char* p, const char* end) {
  const Character first = read_character(p, end);
  if (first.kind == CharClass::number) return p + first.size;
  if (first.kind != CharClass::space) return gpt2_end(p, end);
  const char* const run_end = skip_class(CharClass::space, p, end);
  return is_number(run_end, end) ? run_end : gpt2_end(p, end);
}

// Up to `most` numbers of which the first has been read.
const char* number_end(const char* p, const char* end, int most) {
  for (int read = 1; read < most && is_number(p, end); ++read) p += read_character(p, end).size;
  return p;
}

// [^\s\p{L}\p{N}]*[\r\n]*
const char* symbols_end(const char* p, const char* end) {
  p = skip_class(CharClass::other, p, end);
  while (p < end && is_line_break(*p)) ++p;
  return p;
}

const char* gpt4_end(const char* p, const char* end, int most_numbers) {
  if (*p == '\'') {
    if (const size_t size = contraction_size(p, end, true)) return p + size;
  }
  const Character first = read_character(p, end);
  const char* after = p + first.size;
  if (first.kind == CharClass::letter) return skip_class(CharClass::letter, after, end);
  if (first.kind == CharClass::number) return number_end(after, end, most_numbers);
  if (after < end) {
    const Character second = read_character(after, end);
    if (second.kind == CharClass::letter && !is_line_break(*p)) {
      return skip_class(CharClass::letter, after + second.size, end);
    }
    if (second.kind == CharClass::other && *p == ' ') return symbols_end(after, end);
  }
  if (first.kind == CharClass::other) return symbols_end(after, end);
  const WhitespaceRun run = whitespace_run(p, end);
  return run.after_line_break ? run.after_line_break : whitespace_end(p, end, run);
}

}  // namespace

size_t piece_end(Split split, std::string_view text, size_t begin) {
  const char* const end = text.data() + text.size();
  switch (split) {
    case Split::gpt2:
      return gpt2_end(text.data() + begin, end) - text.data();
    case Split::gpt4:
      return gpt4_end(text.data() + begin, end, 3) - text.data();
    case Split::qwen2:
      return gpt4_end(text.data() + begin, end, 1) - text.data();
    case Split::starcoder:
      return starcoder_end(text.data() + begin, end) - text.data();
    case Split::none:
      break;
  }
  return text.size();
}

}  // namespace flm::text
