#include "text/added_tokens.h"

#include <algorithm>

#include "core/error.h"

namespace flm::text {

AddedTokens::AddedTokens(const std::vector<std::string>& pieces, const std::vector<uint32_t>& ids)
    : empty_(ids.empty()) {
  for (const uint32_t id : ids) {
    FLM_CHECK(id < pieces.size() && !pieces[id].empty(), ErrorCode::data_invalid, "added token ", id,
              " has no piece in the vocabulary of ", pieces.size(), " ids");
    by_first_byte_[static_cast<unsigned char>(pieces[id][0])].push_back({pieces[id], id});
  }
  for (auto& tokens : by_first_byte_)
    std::sort(tokens.begin(), tokens.end(),
              [](const Token& a, const Token& b) { return a.bytes.size() > b.bytes.size(); });
}

AddedTokens::Match AddedTokens::next(std::string_view text, size_t from) const {
  for (size_t begin = empty_ ? text.size() : from; begin < text.size(); ++begin)
    for (const Token& token : by_first_byte_[static_cast<unsigned char>(text[begin])])
      if (text.substr(begin).starts_with(token.bytes)) return {begin, begin + token.bytes.size(), token.id};
  return {text.size(), text.size(), 0};
}

}  // namespace flm::text
