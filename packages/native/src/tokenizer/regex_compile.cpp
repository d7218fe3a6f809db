// Tree to program. Bounded repeats are written out; a program that grows past its limit is refused.
#include <algorithm>
#include <optional>

#include "tokenizer/regex_parse.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

constexpr std::size_t max_instructions = 20000;

bool can_be_empty(const RegexNode& node) {
  using Kind = RegexNode::Kind;
  const auto any = [&] { return std::any_of(node.children.begin(), node.children.end(), can_be_empty); };
  const auto all = [&] { return std::all_of(node.children.begin(), node.children.end(), can_be_empty); };
  switch (node.kind) {
    case Kind::set:
      return false;
    case Kind::sequence:
      return all();
    case Kind::alternatives:
      return any();
    case Kind::repeat:
      return node.low == 0 || all();
    case Kind::atomic:
      return all();
    default:
      return true;
  }
}

// Characters that every match of the node takes, if that is one number.
std::optional<std::uint32_t> width_of(const RegexNode& node) {
  using Kind = RegexNode::Kind;
  if (node.kind == Kind::set) return 1;
  if (node.kind == Kind::empty || node.kind == Kind::look || node.kind == Kind::assertion) return 0;
  std::optional<std::uint32_t> total;
  for (const RegexNode& child : node.children) {
    const auto width = width_of(child);
    if (!width) return std::nullopt;
    if (node.kind == Kind::alternatives) {
      if (total && *total != *width) return std::nullopt;
      total = width;
    } else {
      total = total.value_or(0) + *width;
    }
  }
  if (node.kind != Kind::repeat) return total.value_or(0);
  if (node.low != node.high || node.low > 255) return std::nullopt;
  return total.value_or(0) * node.low;
}

}  // namespace

class RegexCompiler {
 public:
  RegexCompiler(Regex& regex, std::string_view pattern) : regex_(regex), pattern_(pattern) {}

  Status emit(const RegexNode& node) {
    using Kind = RegexNode::Kind;
    if (program().size() > max_instructions)
      return unsupported("repeats that write out to a program too long");
    switch (node.kind) {
      case Kind::empty:
        return {};
      case Kind::set:
        add({Regex::Op::set, false, set_index(node.set)});
        return {};
      case Kind::assertion:
        add({Regex::Op::assertion, false, static_cast<std::uint32_t>(node.assertion)});
        return {};
      case Kind::sequence:
        for (const RegexNode& child : node.children) TRIVIUM_TRY(emit(child));
        return {};
      case Kind::alternatives:
        return alternatives(node);
      case Kind::repeat:
        return repeat(node);
      case Kind::atomic:
        return enclosed({Regex::Op::atomic}, node.children[0]);
      case Kind::look:
        return look(node);
    }
    return {};
  }

 private:
  std::vector<Regex::Instruction>& program() { return regex_.program_; }
  std::uint32_t here() { return static_cast<std::uint32_t>(program().size()); }
  std::uint32_t add(Regex::Instruction instruction) {
    program().push_back(instruction);
    return here() - 1;
  }
  std::uint32_t set_index(const CharacterSet& set) {
    regex_.sets_.push_back(set);
    return static_cast<std::uint32_t>(regex_.sets_.size() - 1);
  }
  Error unsupported(const std::string& what) const {
    return {ErrorCode::unsupported, "The pattern uses " + what + ", which is not supported.", "", "", "",
            std::string(pattern_),  "Use a tokenizer whose pattern does without it."};
  }

  Status alternatives(const RegexNode& node) {
    std::vector<std::uint32_t> jumps;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i + 1 == node.children.size()) {
        TRIVIUM_TRY(emit(node.children[i]));
        break;
      }
      const std::uint32_t split = add({Regex::Op::split});
      program()[split].a = here();
      TRIVIUM_TRY(emit(node.children[i]));
      jumps.push_back(add({Regex::Op::jump}));
      program()[split].b = here();
    }
    for (const std::uint32_t jump : jumps) program()[jump].a = here();
    return {};
  }

  // The instruction, the body, a match of its own; `a` leads behind it.
  Status enclosed(Regex::Instruction instruction, const RegexNode& body) {
    const std::uint32_t start = add(instruction);
    TRIVIUM_TRY(emit(body));
    add({Regex::Op::match});
    program()[start].a = here();
    return {};
  }

  Status look(const RegexNode& node) {
    Regex::Instruction instruction{Regex::Op::look, node.negated};
    if (node.behind) {
      const auto width = width_of(node.children[0]);
      if (!width) return unsupported("a look-behind of varying width");
      instruction.low = *width + 1;
    }
    return enclosed(instruction, node.children[0]);
  }

  Status optional_steps(const RegexNode& body, std::uint32_t count, bool lazy) {
    std::vector<std::uint32_t> splits;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t split = add({Regex::Op::split});
      splits.push_back(split);
      (lazy ? program()[split].b : program()[split].a) = here();
      TRIVIUM_TRY(emit(body));
    }
    for (const std::uint32_t split : splits) (lazy ? program()[split].a : program()[split].b) = here();
    return {};
  }

  Status repeat(const RegexNode& node) {
    const RegexNode& body = node.children[0];
    const bool lazy = node.greed == RegexNode::Greed::lazy,
               possessive = node.greed == RegexNode::Greed::possessive;
    if (body.kind == RegexNode::Kind::set && !lazy) {
      add({Regex::Op::set_repeat, possessive, set_index(body.set), 0, node.low, node.high});
      return {};
    }
    if (node.high == unbounded && can_be_empty(body))
      return unsupported("an endless repeat of what can be empty");
    if (possessive) {
      RegexNode greedy = node;
      greedy.greed = RegexNode::Greed::greedy;
      return enclosed({Regex::Op::atomic}, greedy);
    }
    for (std::uint32_t i = 0; i < node.low; ++i) TRIVIUM_TRY(emit(body));
    if (node.high != unbounded) return optional_steps(body, node.high - node.low, lazy);
    const std::uint32_t split = add({Regex::Op::split});
    (lazy ? program()[split].b : program()[split].a) = here();
    TRIVIUM_TRY(emit(body));
    add({Regex::Op::jump, false, split});
    (lazy ? program()[split].a : program()[split].b) = here();
    return {};
  }

  Regex& regex_;
  std::string_view pattern_;
};

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
  TRIVIUM_TRY_ASSIGN(const RegexNode tree, parse_regex(pattern));
  auto regex = std::make_shared<Regex>();
  TRIVIUM_TRY(RegexCompiler(*regex, pattern).emit(tree));
  regex->program_.push_back({Op::match});
  return std::shared_ptr<const Regex>(std::move(regex));
}

bool CharacterSet::holds(char32_t c) const {
  const unicode::Record& record = unicode::record_of(c);
  bool in = (categories >> record.category & 1u) != 0 || (record.flags & flags) != 0;
  for (std::size_t i = 0; !in && i < ranges.size(); ++i) in = c >= ranges[i].first && c <= ranges[i].second;
  for (std::size_t i = 0; !in && i < parts.size(); ++i) in = parts[i].evaluate(c);
  for (std::size_t i = 0; in && i < intersections.size(); ++i) in = intersections[i].evaluate(c);
  return in;
}

bool CharacterSet::evaluate(char32_t c) const {
  bool in = holds(c);
  if (!in && fold) {
    const char32_t folded = unicode::fold_of(c);
    in = holds(folded) || (folded >= 'a' && folded <= 'z' && holds(folded - 32));
    if (!in && (folded == 's' || folded == 'k')) in = holds(folded == 's' ? 0x17F : 0x212A);
    for (std::size_t i = 0; !in && i < ranges.size(); ++i) {
      in = ranges[i].first == ranges[i].second && unicode::fold_of(ranges[i].first) == folded;
    }
  }
  return in != negated;
}

void CharacterSet::finish() {
  for (char32_t c = 0; c < 128; ++c) {
    if (evaluate(c)) ascii[c >> 6] |= std::uint64_t{1} << (c & 63);
  }
}

}  // namespace trivium
