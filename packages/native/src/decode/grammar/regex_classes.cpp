#include "decode/grammar/regex_classes.h"

#include <array>
#include <map>

#include "base/utf8.h"
#include "decode/grammar/grammar.h"
#include "tokenizer/unicode.h"

namespace trivium::grammar {
namespace {

// A set and the characters that are not in it.
struct Class {
  SharedSet set, others;
  explicit Class(CodeSet given) : set(std::make_shared<const CodeSet>(std::move(given))), others(std::make_shared<const CodeSet>(set->negated())) {}
};

const Class digits(CodeSet{{'0', '9'}});
const Class words(CodeSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
const Class spaces(CodeSet{{9, 13}, {' ', ' '}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029},
                           {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}});
const Class line_ends(CodeSet{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}});

constexpr std::array<const char*, 30> categories = {
    "Cn", "Cc", "Cf", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl",
    "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"};

// By the names of properties, made once: a pass over all code points. Categories and their groups (L, N, …), and the properties
// by which patterns tell emoji (UTS #51).
const std::map<std::string, Class, std::less<>>& properties() {
  static const std::map<std::string, Class, std::less<>> all = [] {
    std::map<std::string, std::vector<CodeSet::Range>> ranges;
    char32_t from = 0;
    for (char32_t c = 1; c <= 0x110000; ++c) {
      const auto category = unicode::record_of(from).category;
      if (c < 0x110000 && unicode::record_of(c).category == category) continue;
      const std::string name = categories[category];
      ranges[name].emplace_back(from, c - 1);
      ranges[name.substr(0, 1)].emplace_back(from, c - 1);
      from = c;
    }
    constexpr CodeSet::Range regional_indicators{0x1F1E6, 0x1F1FF};
    ranges["Regional_Indicator"] = ranges["RI"] = {regional_indicators};
    ranges["Emoji_Component"] = ranges["EComp"] = {
        {'#', '#'}, {'*', '*'}, {'0', '9'}, {0x200D, 0x200D}, {0x20E3, 0x20E3}, {0xFE0F, 0xFE0F}, regional_indicators,
        {0x1F3FB, 0x1F3FF}, {0x1F9B0, 0x1F9B3}, {0xE0020, 0xE007F}};
    for (char32_t c = 0; c < 0x20000; ++c)
      if (unicode::has(c, unicode::pictographic)) ranges["ExtPict"].emplace_back(c, c);
    ranges["Extended_Pictographic"] = ranges["ExtPict"];
    std::map<std::string, Class, std::less<>> made;
    for (auto& [name, list] : ranges)
      if (CodeSet set(std::move(list)); !set.empty()) made.emplace(name, Class(std::move(set)));
    return made;
  }();
  return all;
}

}  // namespace

const SharedSet& any_but_line_ends() { return line_ends.others; }

Error too_large_pattern(std::string_view pattern, const std::string& field) {
  return unsupported(field, "The pattern is too large.", "Take smaller counts and fewer alternatives.", std::string(pattern));
}

Error ClassReader::broken(const std::string& what) const {
  return invalid(field_, "The pattern has " + what + ".", "a regular expression of ECMA-262", std::string(pattern_));
}
Error ClassReader::refused(const std::string& what) const {
  return unsupported(field_, "The pattern uses " + what + ", which is not supported.", "Write the pattern without it.",
                     std::string(pattern_));
}

Result<char32_t> ClassReader::hexadecimal(int count) {
  char32_t value = 0;
  for (int i = 0; i < count; ++i, ++at_) {
    const char c = peek();
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return broken("an escape with too few hexadecimal digits");
    value = value * 16 + char32_t(digit);
  }
  return value;
}

Result<SharedSet> ClassReader::property(bool negated) {
  const std::size_t end = pattern_.find('}', at_);
  if (peek() != '{' || end == std::string_view::npos) return broken("a property without a name");
  std::string_view name = pattern_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  for (const std::string_view prefix : {"General_Category=", "gc="})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  static constexpr std::pair<const char*, const char*> long_names[] = {
      {"Letter", "L"}, {"Lowercase_Letter", "Ll"}, {"Uppercase_Letter", "Lu"}, {"Number", "N"}, {"Decimal_Number", "Nd"},
      {"Punctuation", "P"}, {"Symbol", "S"}, {"Mark", "M"}, {"Separator", "Z"}, {"Space_Separator", "Zs"}};
  for (const auto& [full, abbreviation] : long_names)
    if (name == full) name = abbreviation;
  const auto found = properties().find(name);
  if (found == properties().end()) return refused("the property " + std::string(name));
  return negated ? found->second.others : found->second.set;
}

Result<SharedSet> ClassReader::escaped(bool in_brackets) {
  if (!more()) return broken("a backslash at its end");
  const char c = pattern_[at_++];
  const auto only = [](char32_t code) -> SharedSet { return std::make_shared<const CodeSet>(CodeSet{{code, code}}); };
  switch (c) {
    case 'd': return digits.set;
    case 'D': return digits.others;
    case 'w': return words.set;
    case 'W': return words.others;
    case 's': return spaces.set;
    case 'S': return spaces.others;
    case 'p': return property(false);
    case 'P': return property(true);
    case 't': return only('\t');
    case 'n': return only('\n');
    case 'r': return only('\r');
    case 'f': return only('\f');
    case 'v': return only('\v');
    case '0': return only(0);
    case 'c': {
      const char letter = peek();
      if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z'))) return broken("a \\c without a letter");
      ++at_;
      return only(char32_t(letter & 31));
    }
    case 'x': {
      TRIVIUM_TRY_ASSIGN(const char32_t code, hexadecimal(2));
      return only(code);
    }
    case 'u': {
      if (peek() == '{') {
        const std::size_t end = pattern_.find('}', at_);
        if (end == std::string_view::npos || end - at_ - 1 < 1 || end - at_ - 1 > 6) return broken("a malformed \\u{…}");
        const int count = int(end - at_ - 1);
        ++at_;
        TRIVIUM_TRY_ASSIGN(const char32_t code, hexadecimal(count));
        ++at_;
        if (code > 0x10FFFF) return broken("a code point beyond U+10FFFF");
        return only(code);
      }
      TRIVIUM_TRY_ASSIGN(char32_t code, hexadecimal(4));
      if (code >= 0xD800 && code < 0xDC00 && pattern_.substr(at_, 2) == "\\u") {
        at_ += 2;
        TRIVIUM_TRY_ASSIGN(const char32_t low, hexadecimal(4));
        if (low < 0xDC00 || low > 0xDFFF) return refused("a lone surrogate");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      }
      if (code >= 0xD800 && code <= 0xDFFF) return refused("a lone surrogate");
      return only(code);
    }
    default: break;
  }
  if (in_brackets && c == 'b') return only('\b');
  if (in_brackets && c == '-') return only('-');
  // What else may be escaped are the characters that mean something, and, as old patterns do, other punctuation.
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
    return refused(std::string("the escape \\") + c);
  --at_;
  const Utf8Step step = decode_utf8(pattern_, at_);
  at_ += step.bytes;
  return only(step.code_point);
}

Result<SharedSet> ClassReader::bracketed() {
  const bool negated = peek() == '^';
  if (negated) ++at_;
  std::vector<CodeSet::Range> all;
  while (more() && peek() != ']') {
    SharedSet ends[2];
    int count = 0;
    for (; count < 2; ++count) {
      if (count == 1) {
        const bool range = peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']';
        if (!range) break;
        ++at_;
      }
      if (peek() == '\\') {
        ++at_;
        TRIVIUM_TRY_ASSIGN(ends[count], escaped(true));
      } else {
        const Utf8Step step = decode_utf8(pattern_, at_);
        at_ += step.bytes;
        ends[count] = std::make_shared<const CodeSet>(CodeSet{{step.code_point, step.code_point}});
      }
    }
    if (count < 2) {
      const auto& ranges = ends[0]->ranges();
      if (!budget_.spend(ranges.size() * AutomatonBudget::an_edge)) return too_large_pattern(pattern_, field_);
      all.insert(all.end(), ranges.begin(), ranges.end());
      continue;
    }
    const auto single = [](const SharedSet& set) { return set->ranges().size() == 1 && set->ranges()[0].first == set->ranges()[0].second; };
    if (!single(ends[0]) || !single(ends[1])) return refused("a range whose end is a class");
    const char32_t low = ends[0]->ranges()[0].first, high = ends[1]->ranges()[0].first;
    if (low > high) return broken("a range whose ends are in the wrong order");
    all.emplace_back(low, high);
  }
  if (!more()) return broken("a [ without an end");
  ++at_;
  CodeSet set(std::move(all));
  return std::make_shared<const CodeSet>(negated ? set.negated() : std::move(set));
}

}  // namespace trivium::grammar
