// The pieces. UTF-8 and JSON's escapes are decided here, once for all front ends.
#include "decode/grammar/grammar_builder.h"

#include <algorithm>
#include <optional>

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

bool needs_escape(char32_t c) { return c < 0x20 || c == '"' || c == '\\'; }
// Of 64: control characters are below 0x20, the other two apart.
constexpr std::uint64_t only_digits = std::uint64_t(1) << 63;  // beside 16 of them: the last digit of their escapes
std::uint64_t escape_bit(char32_t c) { return std::uint64_t(1) << (c < 0x20 ? c : c == '"' ? 32 : 33); }

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
    if (too_large()) break;  // it is refused, however long it is
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
  Escapes known;
  const CodeSet plain = CodeSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}.negated();
  for (std::size_t i = 0; i < language.states.size() && !too_large(); ++i) {
    const auto& from = language.states[i];
    const StateId id = base + StateId(i);
    if (from.accepts) epsilon(id, end);
    for (const std::uint32_t next : from.epsilons) epsilon(id, base + next);
    std::map<std::uint32_t, std::uint64_t> escaped;  // by target: escape_bit of each character
    for (const CodeEdge& one : from.edges) {
      if (form == TextForm::plain) {
        utf8(id, one.low, one.high, base + one.target, suffixes);
        continue;
      }
      for (const auto& [low, high] : plain.ranges())
        if (std::max(low, one.low) <= std::min(high, one.high))
          utf8(id, std::max(low, one.low), std::min(high, one.high), base + one.target, suffixes);
      for (char32_t c = one.low; c <= std::min<char32_t>(one.high, '\\'); ++c)
        if (needs_escape(c)) escaped[one.target] |= escape_bit(c);
    }
    for (const auto& [target, characters] : escaped) escapes(id, characters, base + target, known);
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

// States that read the same escapes on the way to the same one are one.
void GrammarBuilder::escapes(StateId from, std::uint64_t characters, StateId to, Escapes& known) {
  static constexpr std::pair<char32_t, char> named[] = {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                                        {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};
  const auto [at, fresh] = known.try_emplace({characters, to}, 0);
  if (fresh) {
    at->second = state();
    for (const auto& [c, letter] : named) {
      if ((characters & escape_bit(c)) == 0) continue;
      edge(at->second, unsigned(letter), unsigned(letter), to);
      characters &= ~escape_bit(c);
    }
    std::optional<StateId> behind_zeros;
    for (unsigned high = 0; high < 2; ++high) {
      const std::uint64_t digits = characters >> (16 * high) & 0xFFFF;
      if (digits == 0) continue;
      if (!behind_zeros) {
        const Fragment zeros = literal("u00");
        epsilon(at->second, zeros.start);
        behind_zeros = zeros.end;
      }
      const auto [last, is_new] = known.try_emplace({digits | only_digits, to}, 0);
      if (is_new) last->second = hexadecimal_digit(digits, to);
      edge(*behind_zeros, '0' + high, '0' + high, last->second);
    }
  }
  edge(from, '\\', '\\', at->second);
}

// Reads one of the digits, bit i being i, in lower case.
StateId GrammarBuilder::hexadecimal_digit(std::uint64_t digits, StateId to) {
  const StateId from = state();
  for (unsigned i = 0; i < 16; ++i)
    if (digits >> i & 1) edge(from, unsigned("0123456789abcdef"[i]), unsigned("0123456789abcdef"[i]), to);
  return from;
}

}  // namespace trivium::grammar
