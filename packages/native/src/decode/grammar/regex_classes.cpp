#include "decode/grammar/regex_classes.h"

#include <array>
#include <mutex>

#include "base/utf8.h"
#include "decode/grammar/grammar.h"
#include "tokenizer/unicode.h"

namespace trivium::grammar {
namespace {

const CodeSet digits{{'0', '9'}};
const CodeSet words{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CodeSet spaces{{9, 13}, {' ', ' '}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029},
                     {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};

constexpr std::array<const char*, 30> categories = {
    "Cn", "Cc", "Cf", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl",
    "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"};

// Sets by category, made once: a pass over all code points.
const std::array<CodeSet, 30>& sets_by_category() {
  static const std::array<CodeSet, 30> sets = [] {
    std::array<CodeSet, 30> made;
    char32_t from = 0;
    for (char32_t c = 1; c <= 0x110000; ++c) {
      const auto category = unicode::record_of(from).category;
      if (c < 0x110000 && unicode::record_of(c).category == category) continue;
      made[category].add(from, c - 1);
      from = c;
    }
    return made;
  }();
  return sets;
}

// The properties by which patterns tell emoji (UTS #51); an empty set for another name.
CodeSet emoji_property(std::string_view name) {
  constexpr CodeSet::Range regional_indicators{0x1F1E6, 0x1F1FF};
  if (name == "Regional_Indicator" || name == "RI") return CodeSet{regional_indicators};
  if (name == "Emoji_Component" || name == "EComp")
    return CodeSet{{'#', '#'}, {'*', '*'}, {'0', '9'}, {0x200D, 0x200D}, {0x20E3, 0x20E3}, {0xFE0F, 0xFE0F}, regional_indicators,
                   {0x1F3FB, 0x1F3FF}, {0x1F9B0, 0x1F9B3}, {0xE0020, 0xE007F}};
  CodeSet set;
  if (name != "Extended_Pictographic" && name != "ExtPict") return set;
  for (char32_t c = 0; c < 0x20000; ++c)
    if (unicode::has(c, unicode::pictographic)) set.add(c, c);
  return set;
}

}  // namespace

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

Result<CodeSet> ClassReader::property(bool negated) {
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
  CodeSet set;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const std::string_view category = categories[i];
    if (category == name || (name.size() == 1 && category[0] == name[0])) set.add(sets_by_category()[i]);
  }
  if (set.empty()) set = emoji_property(name);
  if (set.empty()) return refused("the property " + std::string(name));
  return negated ? set.negated() : set;
}

Result<CodeSet> ClassReader::escaped(bool in_brackets) {
  if (!more()) return broken("a backslash at its end");
  const char c = pattern_[at_++];
  const auto only = [](char32_t code) { return CodeSet{{code, code}}; };
  switch (c) {
    case 'd': return digits;
    case 'D': return digits.negated();
    case 'w': return words;
    case 'W': return words.negated();
    case 's': return spaces;
    case 'S': return spaces.negated();
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

Result<CodeSet> ClassReader::bracketed() {
  const bool negated = peek() == '^';
  if (negated) ++at_;
  CodeSet all;
  while (more() && peek() != ']') {
    CodeSet ends[2];
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
        ends[count].add(step.code_point, step.code_point);
      }
    }
    if (count < 2) {
      all.add(ends[0]);
      continue;
    }
    const auto single = [](const CodeSet& set) { return set.ranges().size() == 1 && set.ranges()[0].first == set.ranges()[0].second; };
    if (!single(ends[0]) || !single(ends[1])) return refused("a range whose end is a class");
    const char32_t low = ends[0].ranges()[0].first, high = ends[1].ranges()[0].first;
    if (low > high) return broken("a range whose ends are in the wrong order");
    all.add(low, high);
  }
  if (!more()) return broken("a [ without an end");
  ++at_;
  return negated ? all.negated() : all;
}

}  // namespace trivium::grammar
