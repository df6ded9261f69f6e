#pragma once
// Pre-tokenizers: they cut text into the pieces ("words") that BPE merges never cross.
#include <cstddef>
#include <string_view>

namespace flm::text {

enum class Split {
  none,       // the whole text is one piece
  gpt2,       // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  gpt4,       // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
              // | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
  qwen2,      // gpt4 with \p{N} in place of \p{N}{1,3}
  starcoder,  // every \p{N} is a piece; gpt2 cuts what lies between them
};

// The end of the piece that begins at offset `begin` (< text.size()), which must be the end of another piece
// or 0. The text is UTF-8; each byte that is not well-formed counts as one symbol, like U+FFFD.
size_t piece_end(Split split, std::string_view text, size_t begin);

// Calls emit(begin, end) with the byte offsets of each piece. The pieces cover the text without gaps.
template <class Emit>
void split_pieces(Split split, std::string_view text, Emit&& emit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = piece_end(split, text, begin);
    emit(begin, end);
    begin = end;
  }
}

}  // namespace flm::text
