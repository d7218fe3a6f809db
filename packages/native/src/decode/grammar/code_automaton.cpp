// Subset construction and products.
#include "decode/grammar/code_automaton.h"

#include <algorithm>
#include <map>
#include <queue>

#include "base/utf8.h"
#include "decode/grammar/grammar.h"

namespace trivium::grammar {
namespace {

constexpr char32_t last_code = 0x10FFFF, first_surrogate = 0xD800, last_surrogate = 0xDFFF;

std::u32string code_points(std::string_view text) {
  std::u32string codes;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    codes.push_back(step.code_point);
    at += step.bytes;
  }
  return codes;
}

using Subset = Closure::Subset;
constexpr std::size_t edges_a_visit = 16;  // that are looked at for one character in the time of a visit

bool lower(const CodeEdge& a, const CodeEdge& b) { return a.low < b.low; }

void sort_edges(CodeAutomaton& automaton) {
  for (auto& state : automaton.states) std::sort(state.edges.begin(), state.edges.end(), lower);
}

void join_edges(std::vector<CodeEdge>& edges) {
  std::vector<CodeEdge> joined;
  for (const CodeEdge& edge : edges) {
    if (!joined.empty() && joined.back().target == edge.target && joined.back().high + 1 == edge.low)
      joined.back().high = edge.high;
    else
      joined.push_back(edge);
  }
  edges = std::move(joined);
}

}  // namespace

const CodeSet& CodeSet::any() {
  static const CodeSet all{{0, first_surrogate - 1}, {last_surrogate + 1, last_code}};
  return all;
}

CodeSet::CodeSet(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end());
  for (const Range& one : ranges) add(one.first, one.second);  // at the end, so none has to move
}

void CodeSet::add(char32_t low, char32_t high) {
  if (low < first_surrogate && high > last_surrogate) {
    add(low, first_surrogate - 1);
    return add(last_surrogate + 1, high);
  }
  if (low >= first_surrogate && low <= last_surrogate) low = last_surrogate + 1;
  if (high >= first_surrogate && high <= last_surrogate) high = first_surrogate - 1;
  if (low > high) return;
  auto at = std::lower_bound(ranges_.begin(), ranges_.end(), low,
                             [](const Range& range, char32_t c) { return range.second + 1 < c; });
  while (at != ranges_.end() && at->first <= high + 1) {
    low = std::min(low, at->first);
    high = std::max(high, at->second);
    at = ranges_.erase(at);
  }
  ranges_.insert(at, {low, high});
}

CodeSet CodeSet::negated() const {
  CodeSet rest;
  char32_t next = 0;
  for (const auto& [low, high] : ranges_) {
    if (low > next) rest.add(next, low - 1);
    next = high + 1;
  }
  if (next <= last_code) rest.add(next, last_code);
  return rest;
}

bool CodeSet::contains(char32_t c) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) { return c >= range.first && c <= range.second; });
}

std::size_t Closure::close(Subset& subset) {
  ++round_;
  std::size_t visits = subset.size();
  std::erase_if(subset, [&](std::uint32_t id) { return !enter(id); });
  for (std::size_t i = 0; i < subset.size(); ++i) {
    const auto& epsilons = automaton_.states[subset[i]].epsilons;
    visits += epsilons.size();
    for (const std::uint32_t next : epsilons)
      if (enter(next)) subset.push_back(next);
  }
  return visits;
}

std::optional<bool> accepts(Closure& language, std::string_view text, AutomatonBudget& budget) {
  const auto& states = language.automaton().states;
  if (states.empty()) return false;
  Subset now{language.automaton().start};
  if (!budget.spend(language.close(now))) return std::nullopt;
  for (const char32_t c : code_points(text)) {
    Subset next;
    std::size_t edges = 0;
    for (const std::uint32_t id : now) {
      edges += states[id].edges.size();
      for (const CodeEdge& edge : states[id].edges)
        if (c >= edge.low && c <= edge.high) next.push_back(edge.target);
    }
    if (!budget.spend(edges / edges_a_visit + language.close(next))) return std::nullopt;
    now = std::move(next);
  }
  return std::any_of(now.begin(), now.end(), [&](std::uint32_t id) { return states[id].accepts; });
}

std::optional<CodeAutomaton> deterministic(const CodeAutomaton& any, AutomatonBudget& budget) {
  CodeAutomaton result;
  if (any.states.empty()) return result;
  std::map<Subset, std::uint32_t> known;
  std::vector<const Subset*> subsets;
  const auto id_of = [&](Subset subset) {
    std::sort(subset.begin(), subset.end());
    const auto [at, fresh] = known.try_emplace(std::move(subset), std::uint32_t(subsets.size()));
    if (fresh) {
      auto& state = result.states.emplace_back();
      state.accepts = std::any_of(at->first.begin(), at->first.end(), [&](std::uint32_t id) { return any.states[id].accepts; });
      subsets.push_back(&at->first);
    }
    return at->second;
  };
  Closure closure(any);
  Subset first{any.start};
  if (!budget.spend(closure.close(first))) return std::nullopt;
  id_of(std::move(first));
  for (std::uint32_t id = 0; id < subsets.size(); ++id) {
    std::vector<CodeEdge> edges;
    for (const std::uint32_t one : *subsets[id])
      edges.insert(edges.end(), any.states[one].edges.begin(), any.states[one].edges.end());
    std::vector<char32_t> borders;
    for (const CodeEdge& edge : edges) borders.insert(borders.end(), {edge.low, edge.high + 1});
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    if (subsets.size() > budget.states || !budget.spend(edges.size())) return std::nullopt;
    std::sort(edges.begin(), edges.end(), lower);
    std::vector<CodeEdge> open;  // those that read the characters behind the border
    for (std::size_t i = 0, entering = 0; i + 1 < borders.size(); ++i) {
      std::erase_if(open, [&](const CodeEdge& edge) { return edge.high < borders[i]; });
      for (; entering < edges.size() && edges[entering].low == borders[i]; ++entering) open.push_back(edges[entering]);
      if (open.empty()) continue;
      Subset next;
      for (const CodeEdge& edge : open) next.push_back(edge.target);
      if (!budget.spend(closure.close(next) + AutomatonBudget::an_edge)) return std::nullopt;
      const std::uint32_t target = id_of(std::move(next));
      result.states[id].edges.push_back({borders[i], borders[i + 1] - 1, target});
    }
    join_edges(result.states[id].edges);
  }
  return trimmed(std::move(result));
}

std::optional<CodeAutomaton> intersection(CodeAutomaton a, CodeAutomaton b, AutomatonBudget& budget) {
  CodeAutomaton result;
  if (a.states.empty() || b.states.empty()) return result;
  sort_edges(a);
  sort_edges(b);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> known;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  const auto id_of = [&](std::uint32_t left, std::uint32_t right) {
    const auto [at, fresh] = known.try_emplace({left, right}, std::uint32_t(pairs.size()));
    if (fresh) {
      pairs.emplace_back(left, right);
      result.states.emplace_back().accepts = a.states[left].accepts && b.states[right].accepts;
    }
    return at->second;
  };
  id_of(a.start, b.start);
  for (std::uint32_t id = 0; id < pairs.size(); ++id) {
    const auto [left, right] = pairs[id];
    const auto& ones = a.states[left].edges;
    const auto& others = b.states[right].edges;
    const std::size_t most_edges = ones.size() + others.size();  // each ends where one of these does
    if (pairs.size() > budget.states || !budget.spend(most_edges * AutomatonBudget::an_edge)) return std::nullopt;
    for (auto one = ones.begin(), other = others.begin(); one != ones.end() && other != others.end();) {
      const char32_t low = std::max(one->low, other->low), high = std::min(one->high, other->high);
      if (low <= high) {
        const std::uint32_t target = id_of(one->target, other->target);
        result.states[id].edges.push_back({low, high, target});
      }
      ++(one->high < other->high ? one : other);
    }
  }
  return trimmed(std::move(result));
}

std::optional<CodeAutomaton> complement(const CodeAutomaton& deterministic, AutomatonBudget& budget) {
  std::size_t edges = 0;  // a state has at most one more behind each of its own than it had, and one before them
  for (const auto& state : deterministic.states) edges += 2 * state.edges.size() + 1;
  if (!budget.spend(edges * AutomatonBudget::an_edge)) return std::nullopt;
  CodeAutomaton result = deterministic;
  if (result.states.empty()) result.start = result.add_state();
  const std::uint32_t sink = result.add_state();
  for (auto& state : result.states) {
    std::vector<CodeSet::Range> covered;
    for (const CodeEdge& edge : state.edges) covered.emplace_back(edge.low, edge.high);
    for (const auto& [low, high] : CodeSet(std::move(covered)).negated().ranges()) state.edges.push_back({low, high, sink});
    state.accepts = !state.accepts;
  }
  return trimmed(std::move(result));
}

CodeAutomaton trimmed(CodeAutomaton automaton) {
  const std::size_t count = automaton.states.size();
  if (count == 0) return automaton;
  std::vector<std::vector<std::uint32_t>> sources(count);
  std::vector<bool> reached(count), useful(count);
  std::vector<std::uint32_t> open{automaton.start};
  reached[automaton.start] = true;
  const auto each_target = [&](std::uint32_t id, auto&& visit) {
    for (const CodeEdge& edge : automaton.states[id].edges) visit(edge.target);
    for (const std::uint32_t next : automaton.states[id].epsilons) visit(next);
  };
  while (!open.empty()) {
    const std::uint32_t id = open.back();
    open.pop_back();
    each_target(id, [&](std::uint32_t next) {
      sources[next].push_back(id);
      if (reached[next]) return;
      reached[next] = true;
      open.push_back(next);
    });
  }
  for (std::uint32_t id = 0; id < count; ++id)
    if (reached[id] && automaton.states[id].accepts) useful[id] = true, open.push_back(id);
  while (!open.empty()) {
    const std::uint32_t id = open.back();
    open.pop_back();
    for (const std::uint32_t source : sources[id])
      if (!useful[source]) useful[source] = true, open.push_back(source);
  }
  if (!useful[automaton.start]) return {};
  std::vector<std::uint32_t> renamed(count, 0);
  CodeAutomaton result;
  for (std::uint32_t id = 0; id < count; ++id)
    if (useful[id]) renamed[id] = result.add_state();
  for (std::uint32_t id = 0; id < count; ++id) {
    if (!useful[id]) continue;
    auto& state = result.states[renamed[id]];
    state.accepts = automaton.states[id].accepts;
    for (const CodeEdge& edge : automaton.states[id].edges)
      if (useful[edge.target]) state.edges.push_back({edge.low, edge.high, renamed[edge.target]});
    for (const std::uint32_t next : automaton.states[id].epsilons)
      if (useful[next]) state.epsilons.push_back(renamed[next]);
  }
  result.start = renamed[automaton.start];
  return result;
}

}  // namespace trivium::grammar
