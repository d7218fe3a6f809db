// The tree between pattern text and program. Private to the regex engine.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/regex.h"

namespace trivium {

inline constexpr std::uint32_t unbounded = 0xFFFFFFFFu;

struct RegexNode {
  enum class Kind { empty, set, sequence, alternatives, repeat, atomic, look, assertion } kind = Kind::empty;
  enum class Greed { greedy, lazy, possessive } greed = Greed::greedy;
  CharacterSet set;
  std::vector<RegexNode> children;
  std::uint32_t low = 0, high = 0;  // repeat
  bool negated = false, behind = false;
  char assertion = 0;  // ^ $ A Z z b B
};

Result<RegexNode> parse_regex(std::string_view pattern);

}  // namespace trivium
