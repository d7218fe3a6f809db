// Runs a program over text. A state (instruction, position) that failed is remembered once an attempt grows
// long: no state reads what led to it (there are no captures), so a second visit would fail again. Failures
// outlive attempts until one succeeds. Knows nothing of pattern text.
#include <algorithm>
#include <unordered_set>

#include "tokenizer/regex.h"
#include "tokenizer/text.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

constexpr std::uint32_t nothing = 0xFFFFFFFFu;
constexpr std::uint64_t steps_before_memory = 256;

}  // namespace

class RegexMatcher {
 public:
  RegexMatcher(const Regex& regex, std::string_view text)
      : regex_(regex), text_(text), budget_(1000000 + std::uint64_t{300} * text.size()) {}

  // The end of the match that begins at `start`, or `nothing`.
  std::uint32_t match_at(std::uint32_t start) {
    const std::uint32_t end = run(0, start, failed_);
    if (end != nothing && !failed_.empty()) failed_.clear();
    return end;
  }

 private:
  using Memory = std::unordered_set<std::uint64_t>;
  // Where to go on after a failure: `at` itself, or shorter takes of a greedy run down to `lowest`.
  struct Choice {
    std::uint32_t instruction, at, lowest;
  };

  std::uint32_t run(std::uint32_t instruction, std::uint32_t at, Memory& failed) {
    std::vector<Choice> choices;
    std::uint64_t steps = 0;
    while (true) {
      if (budget_ <= 1) return nothing;
      --budget_;
      ++steps;
      const std::uint32_t end = step(instruction, at, choices);
      if (end == matched_) return at;
      if (end != nothing) continue;
      do {
        if (choices.empty()) return nothing;
        Choice& choice = choices.back();
        instruction = choice.instruction;
        at = choice.at;
        if (at > choice.lowest) {
          std::size_t before = at;
          previous_character(text_, before);
          choice.at = static_cast<std::uint32_t>(before);
        } else {
          choices.pop_back();
        }
      } while (steps > steps_before_memory && !failed.insert(std::uint64_t{instruction} << 32 | at).second &&
               --budget_ > 1);
    }
  }

  // One instruction: `nothing` when it fails, `matched_` at the end, otherwise it moved instruction and at.
  std::uint32_t step(std::uint32_t& instruction, std::uint32_t& at, std::vector<Choice>& choices) {
    const Regex::Instruction& now = regex_.program_[instruction];
    switch (now.op) {
      case Regex::Op::match:
        return matched_;
      case Regex::Op::set: {
        if (at >= text_.size()) return nothing;
        std::size_t next = at;
        if (!regex_.sets_[now.a].contains(next_character(text_, next))) return nothing;
        at = static_cast<std::uint32_t>(next);
        ++instruction;
        return 0;
      }
      case Regex::Op::set_repeat:
        return repeat(now, instruction, at, choices);
      case Regex::Op::split:
        choices.push_back({now.b, at, at});
        instruction = now.a;
        return 0;
      case Regex::Op::jump:
        instruction = now.a;
        return 0;
      case Regex::Op::assertion:
        if (!holds(static_cast<char>(now.a), at)) return nothing;
        ++instruction;
        return 0;
      case Regex::Op::look:
        if (look(now, instruction + 1, at) == now.flag) return nothing;
        instruction = now.a;
        return 0;
      case Regex::Op::atomic: {
        Memory own;
        const std::uint32_t end = run(instruction + 1, at, own);
        if (end == nothing) return nothing;
        at = end;
        instruction = now.a;
        return 0;
      }
    }
    return nothing;
  }

  std::uint32_t repeat(const Regex::Instruction& now, std::uint32_t& instruction, std::uint32_t& at,
                       std::vector<Choice>& choices) {
    const CharacterSet& set = regex_.sets_[now.a];
    std::size_t end = at, lowest = at;
    std::uint32_t count = 0;
    while (count < now.high && end < text_.size()) {
      std::size_t next = end;
      if (!set.contains(next_character(text_, next))) break;
      end = next;
      if (++count == now.low) lowest = end;
    }
    budget_ -=
        std::min<std::uint64_t>(budget_ - 1, count);  // a scan is steps too; the caller keeps the last one
    if (count < now.low) return nothing;
    ++instruction;
    if (!now.flag && end > lowest) {
      std::size_t before = end;
      previous_character(text_, before);
      choices.push_back(
          {instruction, static_cast<std::uint32_t>(before), static_cast<std::uint32_t>(lowest)});
    }
    at = static_cast<std::uint32_t>(end);
    return 0;
  }

  bool look(const Regex::Instruction& now, std::uint32_t body, std::uint32_t at) {
    std::size_t from = at;
    for (std::uint32_t back = now.low; back > 1; --back) {
      if (from == 0) return false;
      previous_character(text_, from);
    }
    Memory own;
    return run(body, static_cast<std::uint32_t>(from), own) != nothing;
  }

  bool word_at(std::size_t at) const {
    return at < text_.size() && unicode::has(next_character(text_, at), unicode::regex_word);
  }
  bool holds(char which, std::size_t at) const {
    std::size_t before = at;
    switch (which) {
      case '^':
        return at == 0 || text_[at - 1] == '\n';
      case '$':
        return at == text_.size() || text_[at] == '\n';
      case 'A':
        return at == 0;
      case 'z':
        return at == text_.size();
      case 'Z':
        return at == text_.size() || (at + 1 == text_.size() && text_[at] == '\n');
      default: {
        const bool left = at > 0 && unicode::has(previous_character(text_, before), unicode::regex_word);
        return (left != word_at(at)) == (which == 'b');
      }
    }
  }

  static constexpr std::uint32_t matched_ = 0xFFFFFFFEu;
  const Regex& regex_;
  std::string_view text_;
  std::uint64_t budget_;
  Memory failed_;
};

std::vector<Match> Regex::find_all(std::string_view text) const {
  std::vector<Match> matches;
  RegexMatcher matcher(*this, text);
  std::size_t at = 0;
  std::size_t last_end = nothing;
  while (at <= text.size()) {
    const std::uint32_t end = matcher.match_at(static_cast<std::uint32_t>(at));
    const bool repeated_empty = end == at && last_end == at;
    if (end != nothing && !repeated_empty) {
      matches.push_back({static_cast<std::uint32_t>(at), end});
      last_end = end;
      if (end > at) {
        at = end;
        continue;
      }
    }
    if (at >= text.size()) break;
    next_character(text, at);
  }
  return matches;
}

}  // namespace trivium
