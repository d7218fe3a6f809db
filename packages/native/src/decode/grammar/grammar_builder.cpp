// The pieces. UTF-8 and JSON's escapes are decided here, once for all front ends.
#include "decode/grammar/grammar_builder.h"

#include <algorithm>

namespace trivium::grammar {
namespace {

// Bytes of the code point, most significant first; 0 beyond its length.
struct Bytes { unsigned count; unsigned byte[4]; };
Bytes encoded(char32_t c) {
  if (c < 0x80) return {1, {unsigned(c)}};
  if (c < 0x800) return {2, {0xC0u | unsigned(c >> 6), 0x80u | unsigned(c & 63)}};
  if (c < 0x10000) return {3, {0xE0u | unsigned(c >> 12), 0x80u | unsigned(c >> 6 & 63), 0x80u | unsigned(c & 63)}};
  return {4, {0xF0u | unsigned(c >> 18), 0x80u | unsigned(c >> 12 & 63), 0x80u | unsigned(c >> 6 & 63), 0x80u | unsigned(c & 63)}};
}

}  // namespace

RuleId GrammarBuilder::declare() {
  rules_.push_back({state(), state()});
  return RuleId(rules_.size() - 1);
}

void GrammarBuilder::define(RuleId rule, Fragment body) {
  epsilon(rules_[rule].start, body.start);
  epsilon(body.end, rules_[rule].end);
}

RuleId GrammarBuilder::counted(RuleId body, std::uint32_t low, std::uint32_t high) {
  const StateId only = state();
  DraftRule rule;
  rule.start = rule.end = only;
  rule.counted = true;
  rule.body = body;
  rule.low = low;
  rule.high = high;
  rules_.push_back(rule);
  return RuleId(rules_.size() - 1);
}

StateId GrammarBuilder::state() {
  states_.emplace_back();
  return StateId(states_.size() - 1);
}

void GrammarBuilder::edge(StateId from, unsigned low, unsigned high, StateId to) {
  states_[from].symbols.push_back({Symbol(low), Symbol(high), to});
}
void GrammarBuilder::epsilon(StateId from, StateId to) { states_[from].epsilons.push_back(to); }
void GrammarBuilder::call(StateId from, RuleId rule, StateId to) { states_[from].calls.push_back({rule, to}); }

Fragment GrammarBuilder::empty() {
  const StateId only = state();
  return {only, only};
}
Fragment GrammarBuilder::nothing() {
  const StateId start = state();
  return {start, state()};
}

Fragment GrammarBuilder::literal(std::string_view bytes) {
  const StateId start = state();
  StateId at = start;
  for (const char c : bytes) {
    const StateId next = state();
    edge(at, static_cast<unsigned char>(c), static_cast<unsigned char>(c), next);
    at = next;
  }
  return {start, at};
}

Fragment GrammarBuilder::special(std::string_view token) {
  auto found = std::find(special_.begin(), special_.end(), token);
  if (found == special_.end()) found = special_.insert(found, std::string(token));
  const unsigned symbol = first_special + unsigned(found - special_.begin());
  const Fragment part = nothing();
  edge(part.start, symbol, symbol, part.end);
  return part;
}

Fragment GrammarBuilder::call(RuleId rule) {
  const Fragment part = nothing();
  call(part.start, rule, part.end);
  return part;
}

Fragment GrammarBuilder::sequence(const std::vector<Fragment>& parts) {
  if (parts.empty()) return empty();
  for (std::size_t i = 1; i < parts.size(); ++i) epsilon(parts[i - 1].end, parts[i].start);
  return {parts.front().start, parts.back().end};
}

Fragment GrammarBuilder::alternatives(const std::vector<Fragment>& branches) {
  if (branches.size() == 1) return branches[0];
  const Fragment all = nothing();
  for (const Fragment& branch : branches) {
    epsilon(all.start, branch.start);
    epsilon(branch.end, all.end);
  }
  return all;
}

Fragment GrammarBuilder::optional(Fragment part) {
  const Fragment all = nothing();
  epsilon(all.start, part.start);
  epsilon(part.end, all.end);
  epsilon(all.start, all.end);
  return all;
}

Fragment GrammarBuilder::star(Fragment part) {
  const StateId hub = state(), out = state();
  epsilon(hub, part.start);
  epsilon(part.end, hub);
  epsilon(hub, out);
  return {hub, out};
}

Fragment GrammarBuilder::text(const CodeAutomaton& language, TextForm form) {
  if (language.states.empty()) return nothing();
  const StateId base = StateId(states_.size());
  for (std::size_t i = 0; i < language.states.size(); ++i) state();
  const StateId end = state();
  Suffixes suffixes;
  for (std::size_t i = 0; i < language.states.size() && !too_large(); ++i) {
    const auto& from = language.states[i];
    const StateId id = base + StateId(i);
    if (from.accepts) epsilon(id, end);
    for (const std::uint32_t next : from.epsilons) epsilon(id, base + next);
    for (const CodeEdge& one : from.edges) {
      if (form == TextForm::plain) {
        utf8(id, one.low, one.high, base + one.target, suffixes);
        continue;
      }
      CodeSet plain = CodeSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}.negated();
      for (const auto& [low, high] : plain.ranges())
        if (std::max(low, one.low) <= std::min(high, one.high))
          utf8(id, std::max(low, one.low), std::min(high, one.high), base + one.target, suffixes);
      escapes(id, one.low, one.high, base + one.target);
    }
  }
  return {base + language.start, end};
}

// The bytes of the characters in [low, high], none of them a surrogate: split until a part is a product of byte ranges.
void GrammarBuilder::utf8(StateId from, char32_t low, char32_t high, StateId to, Suffixes& suffixes) {
  for (const char32_t border : {char32_t(0x7F), char32_t(0x7FF), char32_t(0xFFFF)}) {
    if (low > border || high <= border) continue;
    utf8(from, low, border, to, suffixes);
    return utf8(from, border + 1, high, to, suffixes);
  }
  for (unsigned tail = 1; tail < encoded(low).count; ++tail) {
    const char32_t mask = (char32_t(1) << 6 * tail) - 1;
    if ((low & ~mask) == (high & ~mask)) continue;
    if ((low & mask) != 0) {
      utf8(from, low, low | mask, to, suffixes);
      return utf8(from, (low | mask) + 1, high, to, suffixes);
    }
    if ((high & mask) != mask) {
      utf8(from, low, (high & ~mask) - 1, to, suffixes);
      return utf8(from, high & ~mask, high, to, suffixes);
    }
  }
  const Bytes first = encoded(low), last = encoded(high);
  for (unsigned i = first.count - 1; i > 0; --i) {
    const auto [at, fresh] = suffixes.try_emplace({first.byte[i], last.byte[i], to}, 0);
    if (fresh) {
      at->second = state();
      edge(at->second, first.byte[i], last.byte[i], to);
    }
    to = at->second;
  }
  edge(from, first.byte[0], last.byte[0], to);
}

void GrammarBuilder::escapes(StateId from, char32_t low, char32_t high, StateId to) {
  static constexpr std::pair<char32_t, char> named[] = {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                                        {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};
  const auto write = [&](std::string_view text) {
    const Fragment part = literal(text);
    epsilon(from, part.start);
    epsilon(part.end, to);
  };
  for (const auto& [c, letter] : named)
    if (c >= low && c <= high) write(std::string{'\\', letter});
  for (char32_t c = low; c <= std::min<char32_t>(high, 0x1F); ++c) {
    if (std::any_of(std::begin(named), std::end(named), [&](const auto& one) { return one.first == c; })) continue;
    const char* const digits = "0123456789abcdef";
    write(std::string("\\u00") + digits[c >> 4] + digits[c & 15]);
  }
}

}  // namespace trivium::grammar
