// Makes a Grammar out of pieces: literals, regular languages, sequences, alternatives, repeats and calls. Every front end
// writes through this. A Fragment has one way in and one way out, and may be used in one place only.
// Refuses to know schemas, regular expressions and grammar texts.
#pragma once
#include <functional>
#include <map>
#include <string_view>
#include <tuple>

#include "decode/grammar/code_automaton.h"
#include "decode/grammar/grammar.h"

namespace trivium::grammar {

struct Fragment { StateId start = 0, end = 0; };

// How the characters of a regular language are written: as they are, or as inside a JSON string, where a quotation mark,
// a backslash and control characters have one escape each (\" \\ \b \f \n \r \t \u00XX), so that texts and values agree
// one to one.
enum class TextForm { plain, json };

class GrammarBuilder {
 public:
  explicit GrammarBuilder(const GrammarLimits& limits = {})
      : limits_(limits), automata_{limits.automaton_states, limits.automaton_work, limits.cancelled} {}
  const GrammarLimits& limits() const { return limits_; }
  AutomatonBudget& automata() { return automata_; }  // of all that is written through this builder

  RuleId declare();                                   // a rule to be defined once
  void define(RuleId rule, Fragment body);
  RuleId counted(RuleId body, std::uint32_t low, std::uint32_t high);

  StateId state();
  void edge(StateId from, unsigned low, unsigned high, StateId to);
  void epsilon(StateId from, StateId to);
  void call(StateId from, RuleId rule, StateId to);

  Fragment empty();
  Fragment nothing();                                 // no text at all; finish() takes out what leads here
  Fragment literal(std::string_view bytes);
  Fragment special(std::string_view token);
  Fragment call(RuleId rule);
  Fragment sequence(const std::vector<Fragment>& parts);
  Fragment alternatives(const std::vector<Fragment>& branches);
  Fragment optional(Fragment part);
  Fragment star(Fragment part);                       // any number of times
  Fragment text(const CodeAutomaton& language, TextForm form);

  // Beyond its limits, or cancelled.
  bool too_large() const {
    return states_.size() > limits_.states || rules_.size() > limits_.rules || automata_.is_cancelled();
  }
  // What cannot be completed is taken out. Errors: no text is left (`field` names the whole), or a limit is exceeded.
  Result<Grammar> finish(RuleId start, const std::string& field);

 private:
  struct DraftState {
    std::vector<SymbolEdge> symbols;
    std::vector<CallEdge> calls;
    std::vector<StateId> epsilons;
    RuleId rule = 0;
    Shortcut shortcut = {};
  };
  struct DraftRule {
    StateId start = 0, end = 0;
    bool counted = false;
    RuleId body = 0;
    std::uint32_t low = 0, high = 0;
  };
  using Suffixes = std::map<std::tuple<unsigned, unsigned, StateId>, StateId>;  // by bytes and target
  using Escapes = std::map<std::pair<std::uint64_t, StateId>, StateId>;         // by characters and target
  void utf8(StateId from, char32_t low, char32_t high, StateId to, Suffixes& suffixes);
  void escapes(StateId from, std::uint64_t characters, StateId to, Escapes& known);
  StateId hexadecimal_digit(std::uint64_t digits, StateId to);
  void shorten_epsilons();
  void measure(std::vector<std::uint32_t>& states, std::vector<std::uint32_t>& rules);

  GrammarLimits limits_;
  AutomatonBudget automata_;
  std::vector<DraftState> states_;
  std::vector<DraftRule> rules_;
  std::vector<std::string> special_;
};

}  // namespace trivium::grammar
