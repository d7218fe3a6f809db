// From the draft to the grammar: how far every state is from the end of its rule, what can be reached, classes of symbols.
#include <algorithm>
#include <queue>

#include "decode/grammar/grammar_builder.h"

namespace trivium::grammar {
namespace {

std::uint32_t plus(std::uint32_t a, std::uint32_t b) { return std::min(unreachable, a + b); }
std::uint32_t times(std::uint32_t a, std::uint32_t b) {
  return std::uint32_t(std::min<std::uint64_t>(unreachable, std::uint64_t(a) * b));
}

}  // namespace

// A state that only leads to another is that other one.
void GrammarBuilder::shorten_epsilons() {
  std::vector<bool> is_end(states_.size());
  for (const DraftRule& rule : rules_) is_end[rule.end] = true;
  const auto goal = [&](StateId id) {
    for (int steps = 0; steps < 64; ++steps) {
      const DraftState& state = states_[id];
      if (is_end[id] || state.epsilons.size() != 1 || !state.symbols.empty() || !state.calls.empty()) break;
      id = state.epsilons[0];
    }
    return id;
  };
  for (DraftState& state : states_) {
    for (SymbolEdge& edge : state.symbols) edge.target = goal(edge.target);
    for (CallEdge& edge : state.calls) edge.target = goal(edge.target);
    for (StateId& next : state.epsilons) next = goal(next);
  }
  for (DraftRule& rule : rules_)
    if (!rule.counted) rule.start = goal(rule.start);
}

// Knuth's generalisation of Dijkstra's algorithm to grammars: distances become known in their order.
void GrammarBuilder::measure(std::vector<std::uint32_t>& states, std::vector<std::uint32_t>& rules) {
  states.assign(states_.size(), unreachable);
  rules.assign(rules_.size(), unreachable);
  struct Source { StateId from; Symbol symbol; bool reads; };
  struct Site { StateId from, target; };
  std::vector<std::vector<Source>> sources(states_.size());
  std::vector<std::vector<Site>> sites(rules_.size()), waiting(states_.size());  // waiting: by the target of a call
  std::vector<std::vector<RuleId>> starts(states_.size()), repeats(rules_.size());
  for (StateId id = 0; id < states_.size(); ++id) {
    for (const SymbolEdge& edge : states_[id].symbols) sources[edge.target].push_back({id, edge.low, true});
    for (const StateId next : states_[id].epsilons) sources[next].push_back({id, 0, false});
    for (const CallEdge& edge : states_[id].calls) {
      sites[edge.rule].push_back({id, edge.target});
      waiting[edge.target].push_back({id, edge.rule});
    }
  }
  using Kind = Shortcut::Kind;
  using Entry = std::pair<std::uint32_t, StateId>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  std::vector<bool> done(states_.size());
  const auto relax = [&](StateId id, std::uint32_t distance, const Shortcut& shortcut) {
    if (distance >= states[id]) return;
    states[id] = distance;
    states_[id].shortcut = shortcut;
    open.emplace(distance, id);
  };
  for (RuleId id = 0; id < rules_.size(); ++id) {
    starts[rules_[id].start].push_back(id);
    if (!rules_[id].counted || rules_[id].low == 0) relax(rules_[id].end, 0, {});
    if (rules_[id].counted) repeats[rules_[id].body].push_back(id);
  }
  while (!open.empty()) {
    const auto [distance, id] = open.top();
    open.pop();
    if (done[id]) continue;
    done[id] = true;
    for (const auto& [from, symbol, reads] : sources[id]) {
      const Kind kind = reads ? Kind::symbol : Kind::epsilon;
      relax(from, plus(reads ? 1 : 0, distance), {kind, symbol, 0, id});
    }
    for (const auto& [from, rule] : waiting[id]) relax(from, plus(distance, rules[rule]), {Kind::call, 0, rule, id});
    for (const RuleId rule : starts[id]) {
      rules[rule] = distance;
      for (const Site& site : sites[rule]) relax(site.from, plus(distance, states[site.target]), {Kind::call, 0, rule, site.target});
      for (const RuleId repeat : repeats[rule]) relax(rules_[repeat].start, times(distance, rules_[repeat].low), {});
    }
  }
}

Result<Grammar> GrammarBuilder::finish(RuleId start, const std::string& field) {
  if (too_large())
    return unsupported(field, "The grammar is too large.", "Take fewer or shorter bounds, patterns and alternatives.",
                       std::to_string(states_.size()) + " states");
  shorten_epsilons();
  std::vector<std::uint32_t> state_distance, rule_distance;
  measure(state_distance, rule_distance);
  if (rule_distance[start] >= unreachable)
    return invalid(field, "No text can satisfy it.", "a schema or grammar that some text satisfies");
  if (rule_distance[start] > limits_.shortest_text)
    return unsupported(field, "Its shortest text is too long.", "Lower the least counts.",
                       std::to_string(rule_distance[start]) + " bytes");

  // Renames what is reached, in the order in which it is.
  constexpr std::uint32_t none = 0xFFFFFFFFu;
  Grammar grammar;
  grammar.special = special_;
  std::vector<std::uint32_t> state_name(states_.size(), none), rule_name(rules_.size(), none);
  std::vector<StateId> state_queue;
  std::vector<RuleId> rule_queue;
  const auto name_state = [&](StateId id, RuleId rule) {
    if (state_name[id] == none) {
      state_name[id] = std::uint32_t(state_queue.size());
      state_queue.push_back(id);
      states_[id].rule = rule;
    }
    return state_name[id];
  };
  const auto name_rule = [&](RuleId id) {
    if (rule_name[id] == none) {
      rule_name[id] = std::uint32_t(rule_queue.size());
      rule_queue.push_back(id);
    }
    return rule_name[id];
  };
  name_rule(start);
  std::size_t next_state = 0;
  for (std::size_t next_rule = 0; next_rule < rule_queue.size(); ++next_rule) {
    const RuleId id = rule_queue[next_rule];
    const DraftRule& draft = rules_[id];
    Rule& rule = grammar.rules.emplace_back();
    rule.shortest = rule_distance[id];
    rule.counted = draft.counted;
    rule.start = name_state(draft.start, RuleId(next_rule));
    if (draft.counted && rule_distance[draft.body] < unreachable) {
      rule.high = draft.high;
      rule.low = rule_distance[draft.body] == 0 ? 0 : draft.low;
      const RuleId body = name_rule(draft.body);
      grammar.rules[next_rule].body = body;
    }
    for (; next_state < state_queue.size(); ++next_state) {
      const StateId from = state_queue[next_state];
      const DraftState& given = states_[from];
      State state;
      state.rule = given.rule;
      state.shortest = state_distance[from];
      state.final = !draft.counted && from == draft.end;
      state.symbols_begin = std::uint32_t(grammar.symbol_edges.size());
      state.calls_begin = std::uint32_t(grammar.call_edges.size());
      state.epsilons_begin = std::uint32_t(grammar.epsilons.size());
      const auto alive = [&](StateId target) { return state_distance[target] < unreachable; };
      for (const SymbolEdge& edge : given.symbols)
        if (alive(edge.target))
          grammar.symbol_edges.push_back({edge.low, edge.high, name_state(edge.target, given.rule)});
      for (const CallEdge& edge : given.calls)
        if (alive(edge.target) && rule_distance[edge.rule] < unreachable)
          grammar.call_edges.push_back({name_rule(edge.rule), name_state(edge.target, given.rule)});
      for (const StateId target : given.epsilons)
        if (alive(target)) grammar.epsilons.push_back(name_state(target, given.rule));
      state.shortcut = given.shortcut;
      if (state.shortcut.kind != Shortcut::Kind::none)
        state.shortcut.target = name_state(given.shortcut.target, given.rule);
      if (state.shortcut.kind == Shortcut::Kind::call) state.shortcut.rule = name_rule(given.shortcut.rule);
      state.symbols_end = std::uint32_t(grammar.symbol_edges.size());
      state.calls_end = std::uint32_t(grammar.call_edges.size());
      state.epsilons_end = std::uint32_t(grammar.epsilons.size());
      grammar.states.push_back(state);
    }
  }

  const std::size_t symbols = first_special + grammar.special.size();
  std::vector<bool> begins(symbols + 1);
  for (std::size_t i = first_special; i < symbols; ++i) begins[i] = true;
  for (const SymbolEdge& edge : grammar.symbol_edges) begins[edge.low] = begins[edge.high + 1u] = true;
  grammar.class_of.resize(symbols);
  for (std::size_t i = 0, current = 0; i < symbols; ++i) {
    if (i > 0 && begins[i]) ++current;
    grammar.class_of[i] = std::uint16_t(current);
    grammar.classes = std::uint32_t(current + 1);
  }
  return grammar;
}

}  // namespace trivium::grammar
