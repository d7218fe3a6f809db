// The half of the regular-expression parser that reads sets of characters: escapes and brackets.
#pragma once
#include <string_view>

#include "decode/grammar/code_automaton.h"

namespace trivium::grammar {

const SharedSet& any_but_line_ends();        // what . means

class ClassReader {
 public:
  // Reads at `at` and moves it on. What sets take is spent from the budget; beyond it the pattern is too large.
  ClassReader(std::string_view pattern, std::size_t& at, AutomatonBudget& budget, const std::string& field)
      : pattern_(pattern), field_(field), budget_(budget), at_(at) {}
  Result<SharedSet> bracketed();               // behind [
  Result<SharedSet> escaped(bool in_brackets); // behind the backslash

 private:
  Result<char32_t> hexadecimal(int digits);
  Result<SharedSet> property(bool negated);
  Error broken(const std::string& what) const;
  Error refused(const std::string& what) const;
  bool more() const { return at_ < pattern_.size(); }
  char peek() const { return more() ? pattern_[at_] : '\0'; }

  std::string_view pattern_;
  const std::string& field_;
  AutomatonBudget& budget_;
  std::size_t& at_;
};

// Of a pattern beyond its budget.
Error too_large_pattern(std::string_view pattern, const std::string& field);

}  // namespace trivium::grammar
