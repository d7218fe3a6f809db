// Regular expressions as JSON Schema means them (ECMA-262 with the `u` flag), read into a tree and then into an automaton.
// Only what describes a regular language: groups capture nothing, lazy quantifiers are greedy ones. Back-references, word
// borders and looking around in the middle of a text are refused by name. Looking ahead at the beginning is a regular
// language too, so that is known.
#pragma once
#include <string_view>
#include <vector>

#include "decode/grammar/code_automaton.h"
#include "decode/grammar/grammar.h"

namespace trivium::grammar {

struct RegexTree {
  enum class Kind { empty, set, sequence, alternatives, repeat, begin, end, look_ahead } kind = Kind::empty;
  SharedSet set;                    // of a set
  std::vector<RegexTree> children;
  std::uint32_t low = 0, high = 0;  // repeat; high may be `unbounded`
  bool negated = false;             // look_ahead
};

// `field` goes into errors.
Result<RegexTree> parse_regex_syntax(std::string_view pattern, AutomatonBudget& budget, const std::string& field);

enum class RegexMatch {
  whole,    // the expression is the text
  anywhere  // the text contains it, as `pattern` means it; ^ and $ bind it to the ends
};
// Not deterministic. Errors: what is not supported, and more than the budget.
Result<CodeAutomaton> regex_language(std::string_view pattern, RegexMatch match, AutomatonBudget& budget,
                                     const std::string& field);

}  // namespace trivium::grammar
