// The shortest text that completes a row: down through rules by the distances of the grammar, out through callers by those
// of the rows. And what rows have in common. The other half of RowStore.
#include <algorithm>

#include "decode/grammar/row_store.h"

namespace trivium::grammar {

// The shortest way from a place to the end of its rule. No rule is within itself there, but as many as the grammar has may
// be within each other: the ways still to be finished stand in a list, for a thread's stack may be small.
void RowStore::append_shortest(const Item& item, std::vector<Symbol>& text) const {
  const Grammar& grammar = *grammar_;
  struct Way { StateId at; std::uint32_t bodies; };  // bodies: of a counted rule, still to come
  std::vector<Way> open;
  const auto enter = [&](StateId at, std::uint32_t count) {
    const Rule& rule = grammar.rules[grammar.states[at].rule];
    open.push_back({at, rule.counted && rule.low > count ? rule.low - count : 0});
  };
  enter(item.state, item.count);
  while (!open.empty()) {
    Way& way = open.back();
    const State& state = grammar.states[way.at];
    const Rule& rule = grammar.rules[state.rule];
    const Shortcut& shortcut = state.shortcut;
    if (rule.counted ? way.bodies == 0 : shortcut.kind == Shortcut::Kind::none) {
      open.pop_back();
    } else if (rule.counted) {
      --way.bodies;
      enter(grammar.rules[rule.body].start, 0);
    } else {
      way.at = shortcut.target;
      if (shortcut.kind == Shortcut::Kind::symbol) text.push_back(shortcut.symbol);
      if (shortcut.kind == Shortcut::Kind::call && grammar.rules[shortcut.rule].shortest > 0)
        enter(grammar.rules[shortcut.rule].start, 0);
    }
  }
}

std::vector<Symbol> RowStore::shortest_completion(RowId id) const {
  std::vector<Symbol> text;
  const Row& row = rows_[id];
  if (row.accepts) return text;
  Item item{grammar_->rules[grammar_->start].start, 0, 0};
  if (id != 0) {
    for (std::uint32_t k = row.kernel_begin; k < row.kernel_end; ++k) {
      const Item& one = kernels_[k];
      const RuleId rule = grammar_->states[one.state].rule;
      if (distance_in_rule(one) + way_out(one.origin, rule) == row.distance) item = one;
    }
  }
  for (;;) {
    append_shortest(item, text);
    const RuleId rule = grammar_->states[item.state].rule;
    if (item.origin == 0 && rule == grammar_->start) return text;
    const Context* const found = context(item.origin, rule);
    if (!found) return text;
    item = callers_[found->best].after;
  }
}

std::vector<std::uint32_t> RowStore::signature(RowId id, std::uint32_t symbols) const {
  const Row& row = rows_[id];
  std::vector<std::uint32_t> made;
  bool counts = false;
  for (std::uint32_t k = row.kernel_begin; k < row.kernel_end; ++k) {
    const Item& item = kernels_[k];
    const Rule& rule = grammar_->rules[grammar_->states[item.state].rule];
    made.insert(made.end(), {item.state, item.origin});
    if (!rule.counted) continue;
    counts = true;
    const std::uint32_t reached = symbols / std::max<std::uint32_t>(1, grammar_->rules[rule.body].shortest) + 1;
    made.push_back(rule.low > item.count ? std::min(rule.low - item.count, reached) : 0);
    made.push_back(std::min(rule.high - item.count, reached));
  }
  if (!counts) return {};
  made.push_back(row.accepts);
  return made;
}

}  // namespace trivium::grammar
