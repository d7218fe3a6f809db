#include "decode/grammar/context_free_syntax.h"

#include <algorithm>

#include "base/utf8.h"

namespace trivium::grammar {
namespace {

constexpr int most_depth = 200;
constexpr std::uint32_t most_repeats = 100'000;

class ContextFreeParser {
 public:
  ContextFreeParser(GrammarBuilder& builder, std::string_view text, const std::string& field)
      : builder_(builder), text_(text), field_(field) {}

  Result<RuleId> run() {
    if (!is_utf8(text_)) return broken("is no UTF-8");
    for (skip(true); more(); skip(true)) {
      TRIVIUM_TRY_ASSIGN(const std::string name, identifier());
      skip(false);
      if (!take("::=")) return broken("has a rule without ::=");
      skip(true);
      Rule& rule = rule_named(name);
      if (rule.defined) return broken("defines " + name + " twice");
      rule.defined = true;
      const RuleId id = rule.id;
      TRIVIUM_TRY_ASSIGN(const Fragment body, alternatives(0));
      builder_.define(id, body);
      if (builder_.too_large()) return unsupported(field_, "The grammar is too large.", "Take fewer rules and smaller counts.");
      if (more() && peek() != '\n') return broken("has something that belongs to no rule");
    }
    for (const auto& [name, rule] : rules_)
      if (!rule.defined) return broken("names " + name + " and does not define it");
    const auto root = rules_.find("root");
    if (root == rules_.end()) return broken("has no rule root");
    return root->second.id;
  }

 private:
  struct Rule { RuleId id = 0; bool defined = false; };

  Error broken(const std::string& what) const {
    const std::size_t line = 1 + std::size_t(std::count(text_.begin(), text_.begin() + std::ptrdiff_t(std::min(at_, text_.size())), '\n'));
    return invalid(field_, "The grammar " + what + ", line " + std::to_string(line) + ".", "a grammar in the notation of GBNF",
                   std::string(text_.substr(std::min(at_, text_.size()), 40)));
  }
  bool more() const { return at_ < text_.size(); }
  char peek() const { return more() ? text_[at_] : '\0'; }
  bool take(std::string_view what) {
    if (text_.substr(at_, what.size()) != what) return false;
    at_ += what.size();
    return true;
  }
  void skip(bool lines) {
    for (; more(); ++at_) {
      if (peek() == '#') {
        while (more() && peek() != '\n') ++at_;
        if (!lines || !more()) return;
      } else if (peek() != ' ' && peek() != '\t' && peek() != '\r' && !(lines && peek() == '\n')) {
        return;
      }
    }
  }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  }
  Result<std::string> identifier() {
    const std::size_t begin = at_;
    while (is_name(peek())) ++at_;
    if (at_ == begin) return broken("lacks the name of a rule");
    return std::string(text_.substr(begin, at_ - begin));
  }
  Rule& rule_named(const std::string& name) {
    const auto [at, fresh] = rules_.try_emplace(name);
    if (fresh) at->second.id = builder_.declare();
    return at->second;
  }

  Result<Fragment> alternatives(int depth) {
    if (depth > most_depth) return unsupported(field_, "The grammar nests more than 200 groups.", "Name the inner ones.");
    std::vector<Fragment> branches;
    for (;;) {
      TRIVIUM_TRY_ASSIGN(const Fragment one, sequence(depth));
      branches.push_back(one);
      const std::size_t before = at_;
      skip(true);  // a line may begin with |
      if (!take("|")) {
        if (depth == 0) at_ = before;
        return builder_.alternatives(branches);
      }
      skip(true);
    }
  }

  Result<Fragment> sequence(int depth) {
    std::vector<Fragment> parts;
    for (skip(depth > 0); more() && peek() != '|' && peek() != ')' && peek() != '\n'; skip(depth > 0)) {
      TRIVIUM_TRY_ASSIGN(const Fragment one, element(depth));
      TRIVIUM_TRY_ASSIGN(const Fragment part, quantified(one));
      parts.push_back(part);
      if (builder_.too_large()) return unsupported(field_, "The grammar is too large.", "Take fewer rules and smaller counts.");
    }
    return builder_.sequence(parts);
  }

  Result<Fragment> element(int depth) {
    if (take("\"")) return literal();
    if (take("[")) return character_class();
    if (take(".")) return set(CodeSet::any());
    if (take("(")) {
      TRIVIUM_TRY_ASSIGN(const Fragment group, alternatives(depth + 1));
      if (!take(")")) return broken("has a group without an end");
      return group;
    }
    TRIVIUM_TRY_ASSIGN(const std::string name, identifier());
    return builder_.call(rule_named(name).id);
  }

  Fragment set(const CodeSet& characters) {
    CodeAutomaton one;
    one.start = one.add_state();
    const std::uint32_t end = one.add_state();
    one.states[end].accepts = true;
    one.add_edges(one.start, characters, end);
    return builder_.text(one, TextForm::plain);
  }

  // Behind an element; what is repeated becomes a rule, so that it is there once however often it may come.
  Result<Fragment> quantified(Fragment one) {
    for (;;) {
      if (take("*")) one = builder_.star(one);
      else if (take("?")) one = builder_.optional(one);
      else if (take("+") || peek() == '{') {
        std::uint32_t low = 1, high = unbounded;
        if (take("{")) {
          TRIVIUM_TRY_ASSIGN(low, count());
          high = low;
          if (take(",")) {
            high = unbounded;
            if (peek() != '}') {
              TRIVIUM_TRY_ASSIGN(high, count());
            }
          }
          if (!take("}")) return broken("has a count without an end");
          if (high < low) return broken("has a count whose bounds are in the wrong order");
        }
        const RuleId body = builder_.declare();
        builder_.define(body, one);
        one = high == 0 ? builder_.empty() : builder_.call(builder_.counted(body, low, high));
      } else {
        return one;
      }
    }
  }

  Result<std::uint32_t> count() {
    skip(false);
    std::uint32_t value = 0;
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + std::uint32_t(text_[at_++] - '0');
      if (value > most_repeats) return broken("has a count above 100000");
    }
    if (at_ == begin) return broken("has a { without a count");
    skip(false);
    return value;
  }

  Result<char32_t> character() {
    if (take("\\")) {
      const char c = peek();
      if (more()) ++at_;
      switch (c) {
        case 'n': return U'\n';
        case 'r': return U'\r';
        case 't': return U'\t';
        case '\\': case '"': case '[': case ']': case '-': case '^': return char32_t(c);
        case 'x': return hexadecimal(2);
        case 'u': return hexadecimal(4);
        case 'U': return hexadecimal(8);
        default: return broken("has an unknown escape");
      }
    }
    const Utf8Step step = decode_utf8(text_, at_);
    at_ += step.bytes;
    return step.code_point;
  }

  Result<char32_t> hexadecimal(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) return broken("has an escape with too few digits");
      value = value * 16 + char32_t(digit);
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return broken("has an escape that is no character");
    return value;
  }

  Result<Fragment> literal() {
    std::string bytes;
    while (peek() != '"') {
      if (!more() || peek() == '\n') return broken("has a literal without an end");
      TRIVIUM_TRY_ASSIGN(const char32_t c, character());
      append_utf8(bytes, c);
    }
    ++at_;
    return builder_.literal(bytes);
  }

  Result<Fragment> character_class() {
    const bool negated = take("^");
    CodeSet all;
    while (peek() != ']') {
      if (!more()) return broken("has a [ without an end");
      TRIVIUM_TRY_ASSIGN(const char32_t low, character());
      char32_t high = low;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        TRIVIUM_TRY_ASSIGN(high, character());
      }
      if (high < low) return broken("has a range whose ends are in the wrong order");
      all.add(low, high);
    }
    ++at_;
    return set(negated ? all.negated() : all);
  }

  GrammarBuilder& builder_;
  std::string_view text_;
  const std::string& field_;
  std::map<std::string, Rule> rules_;
  std::size_t at_ = 0;
};

}  // namespace

Result<RuleId> context_free_rule(GrammarBuilder& builder, std::string_view text, const std::string& field) {
  return ContextFreeParser(builder, text, field).run();
}

}  // namespace trivium::grammar
