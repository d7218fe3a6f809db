// Sets of code points and finite automata over them: the regular languages of patterns, formats, keys and numbers before
// they become bytes. One struct is a nondeterministic automaton and, without epsilons and with edges that do not overlap,
// a deterministic one. Refuses to know regular-expression syntax, JSON and UTF-8.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trivium::grammar {

// Sorted intervals that neither touch nor overlap, without surrogates.
class CodeSet {
 public:
  using Range = std::pair<char32_t, char32_t>;  // inclusive
  CodeSet() = default;
  CodeSet(std::initializer_list<Range> ranges) { for (const Range& one : ranges) add(one.first, one.second); }
  explicit CodeSet(std::vector<Range> ranges);  // in any order
  static const CodeSet& any();                  // every code point

  void add(char32_t low, char32_t high);
  void add(const CodeSet& other) { for (const Range& one : other.ranges_) add(one.first, one.second); }
  CodeSet negated() const;
  bool contains(char32_t c) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const& { return ranges_; }
  std::vector<Range> ranges() && { return std::move(ranges_); }  // of a temporary: a loop over them may outlive it

 private:
  std::vector<Range> ranges_;
};

using SharedSet = std::shared_ptr<const CodeSet>;  // those of whole alphabets are large, and used often

struct CodeEdge { char32_t low, high; std::uint32_t target; };

struct CodeAutomaton {
  struct State {
    std::vector<CodeEdge> edges;
    std::vector<std::uint32_t> epsilons;
    bool accepts = false;
  };
  std::vector<State> states;  // empty: the language without any text
  std::uint32_t start = 0;

  std::uint32_t add_state() { return states.emplace_back(), std::uint32_t(states.size() - 1); }
  void add_edges(std::uint32_t from, const CodeSet& set, std::uint32_t to) {
    for (const auto& [low, high] : set.ranges()) states[from].edges.push_back({low, high, to});
  }
  bool empty_language() const { return states.empty(); }
};

// What the automata of one grammar may take together, made and followed: many small ones may be as dear as one that is large.
struct AutomatonBudget {
  static constexpr std::size_t an_edge = 8;  // visits that an edge is worth: it is looked up, and takes memory
  std::size_t states;  // of each
  std::size_t work;    // visits of states and edges that are left to all
  const std::atomic<bool>* cancelled = nullptr;  // set: none are
  bool is_cancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
  bool spend(std::size_t visits) {
    const bool enough = visits <= work && !is_cancelled();
    work -= std::min(visits, work);
    return enough;
  }
};
// What states lead to without a character. Keeps its scratch, so one serves all questions of an automaton, which outlives it.
class Closure {
 public:
  using Subset = std::vector<std::uint32_t>;
  explicit Closure(const CodeAutomaton& automaton) : automaton_(automaton), seen_(automaton.states.size()) {}
  const CodeAutomaton& automaton() const { return automaton_; }
  // Adds it, each state once; answers how much it visited.
  std::size_t close(Subset& subset);

 private:
  bool enter(std::uint32_t id) { return std::exchange(seen_[id], round_) != round_; }

  const CodeAutomaton& automaton_;
  std::vector<std::uint32_t> seen_;  // (states) the round that met it last
  std::uint32_t round_ = 0;
};

// Each answers nothing when it would take more than the budget.
std::optional<bool> accepts(Closure& language, std::string_view text, AutomatonBudget& budget);
std::optional<CodeAutomaton> deterministic(const CodeAutomaton& any, AutomatonBudget& budget);
std::optional<CodeAutomaton> intersection(CodeAutomaton a, CodeAutomaton b, AutomatonBudget& budget);  // of deterministic ones
std::optional<CodeAutomaton> complement(const CodeAutomaton& deterministic, AutomatonBudget& budget);
std::optional<CodeAutomaton> one_of(const std::vector<std::string>& texts, AutomatonBudget& budget);  // deterministic
CodeAutomaton texts_of_length(std::uint32_t low, std::uint32_t high);  // deterministic; high may be `unbounded`
// Texts that end with the first occurrence of `marker` (UTF-8, not empty) in them. Deterministic.
CodeAutomaton up_to(std::string_view marker);
CodeAutomaton without(std::string_view marker);                        // texts that do not contain it; deterministic
// Without states that no text passes on its way to an end. Takes less than making the automaton did.
CodeAutomaton trimmed(CodeAutomaton automaton);

}  // namespace trivium::grammar
