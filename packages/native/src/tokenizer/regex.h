// A small backtracking regular-expression engine over well-formed UTF-8: the part of Oniguruma (Ruby syntax)
// that tokenizers use. What it does not know (captures used later, look-behind of varying width, \X, scripts
// other than Han) it refuses by name. Steps are bounded: states that failed are remembered, and a search that
// still exceeds its budget (linear in the text) finds nothing more. Knows nothing of tokens.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trivium {

struct Match {
  std::uint32_t begin, end;
};

// Characters by ASCII bitmap, categories, flags, ranges and nested classes.
struct CharacterSet {
  std::uint64_t ascii[2] = {0, 0};          // filled last, by finish(); answers for c < 128
  std::uint32_t categories = 0, flags = 0;  // masks of 1 << Category, of unicode::Flag
  std::vector<std::pair<char32_t, char32_t>> ranges;
  std::vector<CharacterSet> parts;          // a union's further members
  std::vector<CharacterSet> intersections;  // every one must hold too
  bool negated = false, fold = false;

  bool contains(char32_t c) const { return c < 128 ? (ascii[c >> 6] >> (c & 63) & 1) != 0 : evaluate(c); }
  bool evaluate(char32_t c) const;
  void finish();

 private:
  bool holds(char32_t c) const;
};

class Regex {
 public:
  static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern);
  // Matches from left to right that do not overlap, as Oniguruma's iterator gives them.
  std::vector<Match> find_all(std::string_view text) const;

 private:
  friend class RegexCompiler;
  friend class RegexMatcher;
  enum class Op : std::uint8_t { set, set_repeat, split, jump, match, assertion, look, atomic };
  struct Instruction {
    Op op;
    bool flag = false;                // set_repeat: possessive; look: negated
    std::uint32_t a = 0, b = 0;       // set: index; split: preferred and other; jump, look, atomic: target
    std::uint32_t low = 0, high = 0;  // set_repeat: bounds; look: characters to step back + 1, 0 for ahead
  };
  std::vector<Instruction> program_;
  std::vector<CharacterSet> sets_;
};

}  // namespace trivium
