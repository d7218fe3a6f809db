// Sets of characters in a pattern. Properties and POSIX classes that are not in the table are refused by
// name.
#include "tokenizer/regex_classes.h"

#include "tokenizer/text.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

constexpr std::uint32_t punctuation = 1u << unicode::Pc | 1u << unicode::Pd | 1u << unicode::Pe |
                                      1u << unicode::Pf | 1u << unicode::Pi | 1u << unicode::Po |
                                      1u << unicode::Ps;
constexpr std::uint32_t symbols =
    1u << unicode::Sc | 1u << unicode::Sk | 1u << unicode::Sm | 1u << unicode::So;

using namespace unicode;

struct Property {
  const char* name;
  std::uint32_t categories, flags;
};
constexpr Property properties[] = {
    {"l", letters, 0},
    {"letter", letters, 0},
    {"lu", 1u << Lu, 0},
    {"ll", 1u << Ll, 0},
    {"lt", 1u << Lt, 0},
    {"lm", 1u << Lm, 0},
    {"lo", 1u << Lo, 0},
    {"lc", 1u << Lu | 1u << Ll | 1u << Lt, 0},
    {"m", marks, 0},
    {"mark", marks, 0},
    {"mn", 1u << Mn, 0},
    {"mc", 1u << Mc, 0},
    {"me", 1u << Me, 0},
    {"n", numbers, 0},
    {"number", numbers, 0},
    {"nd", 1u << Nd, 0},
    {"nl", 1u << Nl, 0},
    {"no", 1u << No, 0},
    {"digit", 1u << Nd, 0},
    {"p", punctuation, 0},
    {"punctuation", punctuation, 0},
    {"pc", 1u << Pc, 0},
    {"pd", 1u << Pd, 0},
    {"pe", 1u << Pe, 0},
    {"pf", 1u << Pf, 0},
    {"pi", 1u << Pi, 0},
    {"po", 1u << Po, 0},
    {"ps", 1u << Ps, 0},
    {"s", symbols, 0},
    {"symbol", symbols, 0},
    {"sc", 1u << Sc, 0},
    {"sk", 1u << Sk, 0},
    {"sm", 1u << Sm, 0},
    {"so", 1u << So, 0},
    {"z", 1u << Zl | 1u << Zp | 1u << Zs, 0},
    {"separator", 1u << Zl | 1u << Zp | 1u << Zs, 0},
    {"zl", 1u << Zl, 0},
    {"zp", 1u << Zp, 0},
    {"zs", 1u << Zs, 0},
    {"c", 1u << Cn | 1u << Cc | 1u << Cf | 1u << Co | 1u << Cs, 0},
    {"other", 1u << Cn | 1u << Cc | 1u << Cf | 1u << Co | 1u << Cs, 0},
    {"cn", 1u << Cn, 0},
    {"cc", 1u << Cc, 0},
    {"cf", 1u << Cf, 0},
    {"co", 1u << Co, 0},
    {"cs", 1u << Cs, 0},
    {"han", 0, han},
    {"space", 0, regex_space},
    {"word", 0, regex_word},
};

CharacterSet of(std::uint32_t categories, std::uint32_t flags, bool negated = false) {
  CharacterSet set;
  set.categories = categories;
  set.flags = flags;
  set.negated = negated;
  return set;
}

// Between brackets Oniguruma has other words than outside: without ² ³ ¹ ¼ ½ ¾.
CharacterSet word_in_class(bool negated) {
  CharacterSet others;
  others.ranges = {{0xB2, 0xB3}, {0xB9, 0xB9}, {0xBC, 0xBE}};
  others.negated = true;
  CharacterSet set = of(0, regex_word, negated);
  set.intersections.push_back(std::move(others));
  return set;
}

}  // namespace

CharacterSet single_character(char32_t c) {
  CharacterSet set;
  set.ranges.push_back({c, c});
  return set;
}

// What follows a backslash, where it stands for characters; at_ is behind the backslash.
Result<CharacterSet> CharacterSetParser::escaped_set() {
  if (!more()) return broken("a backslash at its end");
  const char32_t c = next_character(pattern_, at_);
  switch (c) {
    case 's':
      return of(0, regex_space);
    case 'S':
      return of(0, regex_space, true);
    case 'w':
      return of(0, regex_word);
    case 'W':
      return of(0, regex_word, true);
    case 'd':
      return of(1u << Nd, 0);
    case 'D':
      return of(1u << Nd, 0, true);
    case 'h':
    case 'H': {
      CharacterSet set;
      set.ranges = {{'0', '9'}, {'a', 'f'}, {'A', 'F'}};
      set.negated = c == 'H';
      return set;
    }
    case 'p':
    case 'P':
      return property(c == 'P');
    case 'n':
      return single_character('\n');
    case 'r':
      return single_character('\r');
    case 't':
      return single_character('\t');
    case 'f':
      return single_character('\f');
    case 'v':
      return single_character('\v');
    case 'a':
      return single_character('\a');
    case 'e':
      return single_character(0x1B);
    case '0':
      return single_character(0);
    case 'x':
      return hexadecimal(take("{"), 2);
    case 'u':
      return hexadecimal(false, 4);
    default:
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9')) {
        return unsupported(std::string("\\") + static_cast<char>(c));
      }
      return single_character(c);
  }
}

Result<CharacterSet> CharacterSetParser::hexadecimal(bool braces, int digits) {
  char32_t value = 0;
  int count = 0;
  for (; more() && count < (braces ? 8 : digits); ++count, ++at_) {
    const char c = peek();
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) break;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  if (count == 0 || value > 0x10FFFF || (braces && !take("}"))) return broken("a malformed \\x or \\u");
  return single_character(value);
}

Result<CharacterSet> CharacterSetParser::property(bool negated) {
  std::string name;
  if (take("{")) {
    if (take("^")) negated = !negated;
    while (more() && peek() != '}') {
      const char c = pattern_[at_++];
      if (c == ' ' || c == '_' || c == '-') continue;
      name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    if (!take("}")) return broken("an unclosed \\p{");
  } else if (more()) {
    name.push_back(static_cast<char>(pattern_[at_++] | 32));
  }
  for (const Property& known : properties) {
    if (name == known.name) return of(known.categories, known.flags, negated);
  }
  return unsupported("\\p{" + name + "}");
}

Result<CharacterSet> CharacterSetParser::posix_class() {
  const bool negated = take("^");
  const std::size_t end = pattern_.find(":]", at_);
  if (end == std::string_view::npos) return broken("an unclosed [:");
  const std::string name(pattern_.substr(at_, end - at_));
  at_ = end + 2;
  if (name == "space") return of(0, regex_space, negated);
  if (name == "digit") return of(1u << Nd, 0, negated);
  if (name == "word") return word_in_class(negated);
  if (name == "punct") return of(punctuation | symbols, 0, negated);
  if (name == "cntrl") return of(1u << Cc, 0, negated);
  return unsupported("[:" + name + ":]");
}

// at_ is behind the opening bracket; ends behind the closing one.
Result<CharacterSet> CharacterSetParser::character_class(int depth) {
  if (depth > max_depth) return unsupported("classes nested deeper than 64");
  CharacterSet set;
  const bool negated = take("^");
  CharacterSet operand;
  std::vector<CharacterSet> operands;
  bool first = true;
  while (true) {
    if (!more()) return broken("an unclosed [");
    if (!first && take("]")) break;
    if (take("&&")) {
      operands.push_back(std::move(operand));
      operand = CharacterSet();
      first = false;
      continue;
    }
    TRIVIUM_TRY(class_item(operand, depth));
    first = false;
  }
  for (CharacterSet& other : operands) operand.intersections.push_back(std::move(other));
  if (!negated) return operand;
  if (operand.intersections.empty() && !operand.negated) {
    operand.negated = true;
    return operand;
  }
  set.parts.push_back(std::move(operand));
  set.negated = true;
  return set;
}

Status CharacterSetParser::class_item(CharacterSet& into, int depth) {
  if (take("[:")) {
    TRIVIUM_TRY_ASSIGN(CharacterSet part, posix_class());
    into.parts.push_back(std::move(part));
    return {};
  }
  if (take("[")) {
    TRIVIUM_TRY_ASSIGN(CharacterSet part, character_class(depth + 1));
    into.parts.push_back(std::move(part));
    return {};
  }
  char32_t low = 0;
  TRIVIUM_TRY_ASSIGN(const bool is_character, class_character(low, into));
  if (!is_character) return {};
  char32_t high = low;
  if (peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']') {
    ++at_;
    CharacterSet ignored;
    TRIVIUM_TRY_ASSIGN(const bool ends_in_character, class_character(high, ignored));
    if (!ends_in_character || high < low) return broken("a malformed range in a class");
  }
  into.ranges.push_back({low, high});
  return {};
}

// A character, or (false) a set of characters that was added to `into`.
Result<bool> CharacterSetParser::class_character(char32_t& c, CharacterSet& into) {
  if (!take("\\")) {
    c = next_character(pattern_, at_);
    return true;
  }
  if (take("b")) {
    c = 8;
    return true;
  }
  TRIVIUM_TRY_ASSIGN(CharacterSet set, escaped_set());
  if (set.categories == 0 && set.flags == 0 && !set.negated && set.ranges.size() == 1) {
    c = set.ranges[0].first;
    return true;
  }
  if (set.flags & regex_word) {
    into.parts.push_back(word_in_class(set.negated));
  } else if (set.negated) {
    into.parts.push_back(std::move(set));
  } else {
    into.categories |= set.categories;
    into.flags |= set.flags;
    into.ranges.insert(into.ranges.end(), set.ranges.begin(), set.ranges.end());
  }
  return false;
}

}  // namespace trivium
