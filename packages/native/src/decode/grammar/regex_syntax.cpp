// The parser. Recursive descent over the pattern's bytes; nesting is bounded.
#include "decode/grammar/regex_syntax.h"

#include <algorithm>

#include "base/utf8.h"
#include "decode/grammar/regex_classes.h"

namespace trivium::grammar {
namespace {

constexpr int most_depth = 200;

class RegexParser {
 public:
  RegexParser(std::string_view pattern, AutomatonBudget& budget, const std::string& field)
      : pattern_(pattern), budget_(budget), field_(field) {}

  Result<RegexTree> run() {
    if (!is_utf8(pattern_)) return broken("bytes that are not UTF-8");
    TRIVIUM_TRY_ASSIGN(RegexTree tree, alternatives(0));
    if (more()) return broken("a closing parenthesis too many");
    return tree;
  }

 private:
  Error broken(const std::string& what) const {
    return invalid(field_, "The pattern has " + what + ".", "a regular expression of ECMA-262", std::string(pattern_));
  }
  Error refused(const std::string& what) const {
    return unsupported(field_, "The pattern uses " + what + ", which is not supported.", "Write the pattern without it.",
                       std::string(pattern_));
  }
  bool more() const { return at_ < pattern_.size(); }
  char peek() const { return more() ? pattern_[at_] : '\0'; }
  bool take(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  Result<RegexTree> alternatives(int depth) {
    if (depth > most_depth) return refused("more than 200 nested groups");
    RegexTree all;
    all.kind = RegexTree::Kind::alternatives;
    do {
      TRIVIUM_TRY_ASSIGN(RegexTree one, sequence(depth));
      all.children.push_back(std::move(one));
    } while (take("|"));
    if (all.children.size() > 1) return all;
    RegexTree only = std::move(all.children[0]);
    return only;
  }

  Result<RegexTree> sequence(int depth) {
    RegexTree all;
    all.kind = RegexTree::Kind::sequence;
    while (more() && peek() != '|' && peek() != ')') {
      TRIVIUM_TRY_ASSIGN(RegexTree one, atom(depth));
      TRIVIUM_TRY_ASSIGN(RegexTree repeated, quantified(std::move(one)));
      all.children.push_back(std::move(repeated));
    }
    return all;
  }

  Result<RegexTree> atom(int depth) {
    RegexTree tree;
    if (take("^")) {
      tree.kind = RegexTree::Kind::begin;
      return tree;
    }
    if (take("$")) {
      tree.kind = RegexTree::Kind::end;
      return tree;
    }
    if (take("(")) return group(depth);
    if (!budget_.spend(AutomatonBudget::an_edge)) return too_large_pattern(pattern_, field_);
    tree.kind = RegexTree::Kind::set;
    if (take(".")) {
      tree.set = any_but_line_ends();
      return tree;
    }
    if (take("[")) {
      TRIVIUM_TRY_ASSIGN(tree.set, ClassReader(pattern_, at_, budget_, field_).bracketed());
      return tree;
    }
    if (take("\\")) {
      if (peek() == 'b' || peek() == 'B') return refused("word borders (\\b)");
      if ((peek() >= '1' && peek() <= '9') || peek() == 'k') return refused("back-references");
      TRIVIUM_TRY_ASSIGN(tree.set, ClassReader(pattern_, at_, budget_, field_).escaped(false));
      return tree;
    }
    if (std::string_view("*+?{}]").find(peek()) != std::string_view::npos)
      return broken(std::string("a ") + peek() + " that stands for nothing");
    const Utf8Step step = decode_utf8(pattern_, at_);
    at_ += step.bytes;
    tree.set = std::make_shared<const CodeSet>(CodeSet{{step.code_point, step.code_point}});
    return tree;
  }

  Result<RegexTree> group(int depth) {
    RegexTree look;
    look.kind = RegexTree::Kind::look_ahead;
    const bool ahead = take("?=");
    look.negated = !ahead && take("?!");
    if (!ahead && !look.negated && !take("?:") && peek() == '?') {
      if (take("?<=") || take("?<!")) return refused("looking behind");
      if (!take("?<")) return refused("a group that begins with (? and is none of (?:, (?=, (?! and (?<name>");
      while (more() && peek() != '>') ++at_;
      if (!take(">")) return broken("a group name without an end");
    }
    TRIVIUM_TRY_ASSIGN(RegexTree inside, alternatives(depth + 1));
    if (!take(")")) return broken("a group without an end");
    if (!ahead && !look.negated) return inside;
    look.children.push_back(std::move(inside));
    return look;
  }

  Result<std::uint32_t> number() {
    std::uint64_t value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + std::uint64_t(pattern_[at_++] - '0');
      if (value > 100'000) return refused("a count above 100000");
    }
    return std::uint32_t(value);
  }

  Result<RegexTree> quantified(RegexTree one) {
    RegexTree tree;
    tree.kind = RegexTree::Kind::repeat;
    if (take("*")) {
      tree.high = unbounded;
    } else if (take("+")) {
      tree.low = 1;
      tree.high = unbounded;
    } else if (take("?")) {
      tree.high = 1;
    } else if (take("{")) {
      if (peek() < '0' || peek() > '9') return broken("a { that begins no count");
      TRIVIUM_TRY_ASSIGN(tree.low, number());
      tree.high = tree.low;
      if (take(",")) {
        tree.high = unbounded;
        if (peek() != '}') {
          TRIVIUM_TRY_ASSIGN(tree.high, number());
        }
      }
      if (!take("}")) return broken("a count without an end");
      if (tree.high < tree.low) return broken("a count whose bounds are in the wrong order");
    } else {
      return one;
    }
    using Kind = RegexTree::Kind;
    if (one.kind == Kind::begin || one.kind == Kind::end || one.kind == Kind::look_ahead)
      return broken("a repeated assertion");
    take("?");
    tree.children.push_back(std::move(one));
    if (std::string_view("*+?{").find(peek()) != std::string_view::npos && more()) return broken("two quantifiers in a row");
    return tree;
  }

  std::string_view pattern_;
  AutomatonBudget& budget_;
  const std::string& field_;
  std::size_t at_ = 0;
};

}  // namespace

Result<RegexTree> parse_regex_syntax(std::string_view pattern, AutomatonBudget& budget, const std::string& field) {
  return RegexParser(pattern, budget, field).run();
}

}  // namespace trivium::grammar
