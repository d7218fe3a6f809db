// The half of the regular-expression parser that reads sets of characters: escapes and brackets.
#pragma once
#include <string_view>

#include "decode/grammar/code_automaton.h"

namespace trivium::grammar {

class ClassReader {
 public:
  // Reads at `at` and moves it on.
  ClassReader(std::string_view pattern, std::size_t& at, const std::string& field)
      : pattern_(pattern), field_(field), at_(at) {}
  Result<CodeSet> bracketed();               // behind [
  Result<CodeSet> escaped(bool in_brackets); // behind the backslash

 private:
  Result<char32_t> hexadecimal(int digits);
  Result<CodeSet> property(bool negated);
  Error broken(const std::string& what) const;
  Error refused(const std::string& what) const;
  bool more() const { return at_ < pattern_.size(); }
  char peek() const { return more() ? pattern_[at_] : '\0'; }

  std::string_view pattern_;
  const std::string& field_;
  std::size_t& at_;
};

}  // namespace trivium::grammar
