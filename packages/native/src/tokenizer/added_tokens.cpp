#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "tokenizer/text.h"
#include "tokenizer/unicode.h"

namespace trivium {

void AddedTokenMatcher::add(const AddedToken& token, std::string_view pattern) {
  if (pattern.empty()) return;
  std::uint32_t node = 0;
  for (const char byte : pattern) {
    const std::uint64_t edge = std::uint64_t{node} << 8 | static_cast<std::uint8_t>(byte);
    const auto [found, is_new] = edges_.try_emplace(edge, static_cast<std::uint32_t>(ends_.size()));
    if (is_new) ends_.push_back(0);
    node = found->second;
  }
  tokens_.push_back(token);
  ends_[node] = static_cast<std::uint32_t>(tokens_.size());
  first_byte_[static_cast<std::uint8_t>(pattern[0])] = true;
}

std::uint32_t AddedTokenMatcher::longest(std::string_view text, std::size_t at, std::size_t& end) const {
  std::uint32_t node = 0, best = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const auto found = edges_.find(std::uint64_t{node} << 8 | static_cast<std::uint8_t>(text[i]));
    if (found == edges_.end()) break;
    node = found->second;
    if (ends_[node] != 0) {
      best = ends_[node];
      end = i + 1;
    }
  }
  return best;
}

void AddedTokenMatcher::find(std::string_view text, bool parse_special, std::vector<AddedSpan>& spans) const {
  const auto word = [&](std::size_t i) { return unicode::has(next_character(text, i), unicode::rust_word); };
  const auto space = [&](std::size_t i) {
    return unicode::has(next_character(text, i), unicode::rust_space);
  };
  std::size_t covered = 0;
  for (std::size_t at = 0; !tokens_.empty() && at < text.size();) {
    std::size_t end = at;
    const std::uint32_t index = first_byte_[static_cast<std::uint8_t>(text[at])] ? longest(text, at, end) : 0;
    if (index == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[index - 1];
    std::size_t begin = at;
    at = end;
    if (token.special && !parse_special) continue;
    if (token.single_word) {
      std::size_t before = begin;
      if (begin > 0) previous_character(text, before);
      if ((begin > 0 && word(before)) || (end < text.size() && word(end))) continue;
    }
    while (token.left_strip && begin > covered) {
      std::size_t before = begin;
      if (!unicode::has(previous_character(text, before), unicode::rust_space)) break;
      begin = before;
    }
    if (token.left_strip) begin = std::max(begin, covered);
    while (token.right_strip && end < text.size() && space(end)) next_character(text, end);
    if (begin >= end) continue;  // nothing is left of it
    if (begin > covered)
      spans.push_back({static_cast<std::uint32_t>(covered), static_cast<std::uint32_t>(begin), -1});
    spans.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), token.id});
    covered = end;
  }
  if (covered < text.size()) {
    spans.push_back({static_cast<std::uint32_t>(covered), static_cast<std::uint32_t>(text.size()), -1});
  }
}

}  // namespace trivium
