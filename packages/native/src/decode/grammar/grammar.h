// What a text may be, as data: rules, each a nondeterministic automaton whose edges read a symbol or call a rule. Symbols
// 0 to 255 are bytes of UTF-8 text; those above stand for special tokens, which no text can spell. A counted rule repeats
// another rule between `low` and `high` times without unrolling it.
// Invariants (GrammarBuilder::finish sees to them): every state can reach the end of its rule, and every rule some text,
// so a prefix that the grammar allows can always be completed.
// Refuses to know where rules come from, tokens, and how a text is followed through them.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace trivium::grammar {

using StateId = std::uint32_t;
using RuleId = std::uint32_t;
using Symbol = std::uint16_t;

inline constexpr Symbol first_special = 256;                // symbol of Grammar::special[0]
inline constexpr std::uint32_t unbounded = 0xFFFFFFFFu;
inline constexpr std::uint32_t unreachable = 0x3FFFFFFFu;   // a distance that no text covers; sums of two still fit

struct SymbolEdge { Symbol low, high; StateId target; };    // inclusive
struct CallEdge { RuleId rule; StateId target; };

// The first step of the shortest way from a state to the end of its rule. Following them never goes in a circle.
struct Shortcut {
  enum class Kind : std::uint8_t { none, symbol, epsilon, call } kind = Kind::none;
  Symbol symbol = 0;
  RuleId rule = 0;
  StateId target = 0;
};

struct State {
  std::uint32_t symbols_begin = 0, symbols_end = 0;         // of Grammar::symbol_edges
  std::uint32_t calls_begin = 0, calls_end = 0;             // of Grammar::call_edges
  std::uint32_t epsilons_begin = 0, epsilons_end = 0;       // of Grammar::epsilons
  RuleId rule = 0;
  std::uint32_t shortest = unreachable;                     // symbols to the end of the rule
  bool final = false;
  Shortcut shortcut = {};
};

struct Rule {
  StateId start = 0;
  std::uint32_t shortest = unreachable;                     // symbols of its shortest text; 0: may be empty
  bool counted = false;                                     // then `start` is its only state, and has no edges
  RuleId body = 0;
  std::uint32_t low = 0, high = 0;
};

struct Grammar {
  std::vector<State> states;
  std::vector<SymbolEdge> symbol_edges;
  std::vector<CallEdge> call_edges;
  std::vector<StateId> epsilons;
  std::vector<Rule> rules;
  RuleId start = 0;
  std::vector<std::string> special;                         // texts of the special tokens that it names
  // Symbols that no edge tells apart share a class; a class is one interval of symbols, so an edge is one of classes.
  std::vector<std::uint16_t> class_of;                      // (256 + special)
  std::uint32_t classes = 0;

  std::span<const SymbolEdge> symbols_of(StateId id) const {
    return std::span(symbol_edges).subspan(states[id].symbols_begin, states[id].symbols_end - states[id].symbols_begin);
  }
  std::span<const CallEdge> calls_of(StateId id) const {
    return std::span(call_edges).subspan(states[id].calls_begin, states[id].calls_end - states[id].calls_begin);
  }
  std::span<const StateId> epsilons_of(StateId id) const {
    return std::span(epsilons).subspan(states[id].epsilons_begin, states[id].epsilons_end - states[id].epsilons_begin);
  }
  std::uint32_t shortest_text() const { return rules[start].shortest; }  // symbols
};

// What keeps hostile schemas and grammars within bounded time and memory. A grammar beyond one of them is `unsupported`.
struct GrammarLimits {
  std::size_t states = 400'000;           // of all rules
  std::size_t rules = 40'000;
  std::size_t automaton_states = 50'000;  // of one regular language made deterministic
  std::size_t automaton_work = 64'000'000;  // of all regular languages, in visits of AutomatonBudget: two seconds at most
  std::size_t shapes = 512;               // alternatives that one schema's anyOf, oneOf and allOf multiply out to
  std::uint32_t shortest_text = 1 << 20;  // symbols that every text of the grammar has at least
  const std::atomic<bool>* cancelled = nullptr;  // set: nobody waits for it any more, and anything is too much
};

// `field`: a JSON pointer into what was given, or the name of a part of it.
Error unsupported(std::string field, std::string problem, std::string remedy, std::string found = {});
Error invalid(std::string field, std::string problem, std::string expected, std::string found = {});
Error cancelled();

}  // namespace trivium::grammar
