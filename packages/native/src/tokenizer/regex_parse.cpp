// Pattern text to tree. Every construct it does not know is an `unsupported` error that names it; nothing is
// guessed. Follows Oniguruma's Ruby syntax: ^ and $ are line anchors, {n,m}+ is a repeat of a repeat, (?m)
// lets . match \n.
#include "tokenizer/regex_parse.h"

#include <algorithm>
#include <string>

#include "tokenizer/regex_classes.h"
#include "tokenizer/text.h"

namespace trivium {
namespace {

class Parser : private CharacterSetParser {
 public:
  explicit Parser(std::string_view pattern) : CharacterSetParser(pattern) {}

  Result<RegexNode> run() {
    TRIVIUM_TRY_ASSIGN(RegexNode node, alternatives(0));
    if (at_ < pattern_.size()) return broken("an unmatched )");
    return node;
  }

 private:
  // Restores the flags at the end of a group: (?i) reaches to the end of the group it stands in.
  Result<RegexNode> alternatives(int depth) {
    if (depth > max_depth) return unsupported("groups nested deeper than 64");
    const bool fold = fold_, dot_all = dot_all_;
    RegexNode node;
    node.kind = RegexNode::Kind::alternatives;
    do {
      RegexNode sequence;
      sequence.kind = RegexNode::Kind::sequence;
      while (more() && peek() != '|' && peek() != ')') {
        TRIVIUM_TRY_ASSIGN(RegexNode item, atom(depth));
        TRIVIUM_TRY(quantifiers(item));
        sequence.children.push_back(std::move(item));
      }
      node.children.push_back(std::move(sequence));
    } while (take("|"));
    fold_ = fold;
    dot_all_ = dot_all;
    if (node.children.size() == 1) return std::move(node.children[0]);
    return node;
  }

  RegexNode set_node(CharacterSet set) const {
    set.fold = fold_;
    set.finish();
    RegexNode node;
    node.kind = RegexNode::Kind::set;
    node.set = std::move(set);
    return node;
  }
  static RegexNode assertion(char which) {
    RegexNode node;
    node.kind = RegexNode::Kind::assertion;
    node.assertion = which;
    return node;
  }

  Result<RegexNode> atom(int depth) {
    if (take("(")) return group(depth);
    if (take("[")) {
      TRIVIUM_TRY_ASSIGN(CharacterSet set, character_class(depth));
      return set_node(std::move(set));
    }
    if (take("\\")) return escape();
    if (take("^")) return assertion('^');
    if (take("$")) return assertion('$');
    if (take(".")) {
      CharacterSet set = dot_all_ ? CharacterSet() : single_character('\n');
      set.negated = true;
      return set_node(std::move(set));
    }
    if (peek() == '*' || peek() == '+' || peek() == '?') return broken("a quantifier with nothing before it");
    return set_node(single_character(next_character(pattern_, at_)));
  }

  Result<RegexNode> group(int depth) {
    RegexNode node;
    bool wrap = false;
    if (take("?=")) {
      node.kind = RegexNode::Kind::look;
      wrap = true;
    } else if (take("?!")) {
      node.kind = RegexNode::Kind::look;
      node.negated = wrap = true;
    } else if (take("?<=")) {
      node.kind = RegexNode::Kind::look;
      node.behind = wrap = true;
    } else if (take("?<!")) {
      node.kind = RegexNode::Kind::look;
      node.behind = node.negated = wrap = true;
    } else if (take("?>")) {
      node.kind = RegexNode::Kind::atomic;
      wrap = true;
    } else if (take("?:")) {
    } else if (take("?#")) {
      while (more() && peek() != ')') ++at_;
      return take(")") ? Result<RegexNode>(RegexNode()) : Result<RegexNode>(broken("an unclosed comment"));
    } else if (peek() == '?') {
      ++at_;
      return inline_flags(depth);
    }
    TRIVIUM_TRY_ASSIGN(RegexNode inner, alternatives(depth + 1));
    if (!take(")")) return broken("an unclosed group");
    if (!wrap) return inner;
    node.children.push_back(std::move(inner));
    return node;
  }

  Result<RegexNode> inline_flags(int depth) {
    bool on = true;
    const bool fold = fold_, dot_all = dot_all_;
    for (; more() && peek() != ')' && peek() != ':'; ++at_) {
      if (peek() == '-')
        on = false;
      else if (peek() == 'i')
        fold_ = on;
      else if (peek() == 'm' || peek() == 's')
        dot_all_ = on;
      else
        return unsupported("the group (?" + std::string(1, peek()) + "…)");
    }
    if (take(")")) {  // reaches to the end of the enclosing group, alternatives included
      TRIVIUM_TRY_ASSIGN(RegexNode rest, alternatives(depth + 1));
      return rest;
    }
    if (!take(":")) return broken("an unclosed group");
    TRIVIUM_TRY_ASSIGN(RegexNode inner, alternatives(depth + 1));
    if (!take(")")) return broken("an unclosed group");
    fold_ = fold;
    dot_all_ = dot_all;
    return inner;
  }

  Result<RegexNode> escape() {
    if (!more()) return broken("a backslash at its end");
    const char c = peek();
    if (std::string_view("AZzbB").find(c) != std::string_view::npos) {
      ++at_;
      return assertion(c);
    }
    if ((c >= '1' && c <= '9') || std::string_view("kgGKXRyYNO").find(c) != std::string_view::npos) {
      return unsupported(std::string("\\") + c);
    }
    TRIVIUM_TRY_ASSIGN(CharacterSet set, escaped_set());
    return set_node(std::move(set));
  }

  bool bounds(std::uint32_t& low, std::uint32_t& high) {
    const std::size_t start = at_;
    if (!take("{")) return false;
    const auto number = [&](std::uint32_t& value) {
      const std::size_t from = at_;
      for (value = 0; peek() >= '0' && peek() <= '9'; ++at_)
        value = std::min(value * 10 + (peek() - '0'), 100000u);
      return at_ > from;
    };
    const bool has_low = number(low);
    bool has_high = has_low;
    high = low;
    if (take(",")) {
      has_high = number(high);
      if (!has_high) high = unbounded;
    }
    if ((!has_low && !has_high) || !take("}")) {
      at_ = start;
      return false;
    }
    return true;
  }

  Status quantifiers(RegexNode& item) {
    while (more()) {
      RegexNode repeat;
      repeat.kind = RegexNode::Kind::repeat;
      bool braces = false;
      if (take("*")) {
        repeat.high = unbounded;
      } else if (take("+")) {
        repeat.low = 1;
        repeat.high = unbounded;
      } else if (take("?")) {
        repeat.high = 1;
      } else if (bounds(repeat.low, repeat.high)) {
        braces = true;
      } else
        return {};
      if (repeat.high < repeat.low) return broken("a repeat whose bounds are reversed");
      const bool exact = braces && repeat.low == repeat.high;
      if (!exact && take("?"))
        repeat.greed = RegexNode::Greed::lazy;
      else if (!braces && take("+"))
        repeat.greed = RegexNode::Greed::possessive;
      repeat.children.push_back(std::move(item));
      item = std::move(repeat);
      if (++repeats_ > 2000) return unsupported("more than 2,000 quantifiers");
    }
    return {};
  }

  bool fold_ = false, dot_all_ = false;
  int repeats_ = 0;
};

}  // namespace

Result<RegexNode> parse_regex(std::string_view pattern) { return Parser(pattern).run(); }

}  // namespace trivium
