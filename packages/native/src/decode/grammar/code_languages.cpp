// The few automata that are built by hand.
#include <algorithm>
#include <unordered_map>

#include "base/utf8.h"
#include "decode/grammar/code_automaton.h"
#include "decode/grammar/grammar.h"

namespace trivium::grammar {
namespace {

std::u32string code_points(std::string_view text) {
  std::u32string codes;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = decode_utf8(text, at);
    codes.push_back(step.code_point);
    at += step.bytes;
  }
  return codes;
}

}  // namespace

CodeAutomaton texts_of_length(std::uint32_t low, std::uint32_t high) {
  CodeAutomaton result;
  const std::uint32_t last = high == unbounded ? low : high;
  for (std::uint32_t i = 0; i <= last; ++i) {
    result.states[result.add_state()].accepts = i >= low;
    if (i < last) result.add_edges(i, CodeSet::any(), i + 1);
  }
  if (high == unbounded) result.add_edges(last, CodeSet::any(), last);
  return result;
}

std::optional<CodeAutomaton> one_of(const std::vector<std::string>& texts, AutomatonBudget& budget) {
  CodeAutomaton result;
  if (texts.empty()) return result;
  result.add_state();
  std::unordered_map<std::uint64_t, std::uint32_t> targets;  // by state and character
  for (const std::string& text : texts) {
    if (!budget.spend((text.size() + 1) * 2 * AutomatonBudget::an_edge)) return std::nullopt;  // each character: an edge and a state
    std::uint32_t at = 0;
    for (const char32_t c : code_points(text)) {
      const auto [known, fresh] = targets.try_emplace(std::uint64_t(at) << 32 | c, std::uint32_t(result.states.size()));
      if (fresh) {
        result.add_state();
        result.states[at].edges.push_back({c, c, known->second});
      }
      at = known->second;
    }
    result.states[at].accepts = true;
  }
  return result;
}

CodeAutomaton up_to(std::string_view marker) {
  const std::u32string codes = code_points(marker);
  CodeAutomaton result;
  for (std::size_t i = 0; i <= codes.size(); ++i) result.add_state();
  result.states.back().accepts = true;
  // state i: the longest end of the text that begins the marker has i characters
  const auto after = [&](std::size_t i, char32_t c) {
    std::u32string tail = codes.substr(0, i) + c;
    while (!codes.starts_with(tail)) tail.erase(0, 1);
    return std::uint32_t(tail.size());
  };
  for (std::size_t i = 0; i < codes.size(); ++i) {
    CodeSet others = CodeSet::any();
    CodeSet in_marker;
    for (const char32_t c : codes) {
      if (in_marker.contains(c)) continue;
      in_marker.add(c, c);
      result.states[i].edges.push_back({c, c, after(i, c)});
    }
    result.add_edges(std::uint32_t(i), in_marker.negated(), 0);
  }
  return result;
}

CodeAutomaton without(std::string_view marker) {
  CodeAutomaton result = up_to(marker);
  for (auto& state : result.states) state.accepts = !state.accepts;
  const std::uint32_t last = std::uint32_t(result.states.size() - 1);
  for (auto& state : result.states) std::erase_if(state.edges, [&](const CodeEdge& edge) { return edge.target == last; });
  return trimmed(std::move(result));
}

}  // namespace trivium::grammar
