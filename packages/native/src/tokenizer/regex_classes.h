// The half of the pattern parser that reads sets of characters: escapes, properties and bracketed classes.
// Private to the regex engine.
#pragma once
#include <string>
#include <string_view>

#include "tokenizer/regex.h"

namespace trivium {

class CharacterSetParser {
 protected:
  explicit CharacterSetParser(std::string_view pattern) : pattern_(pattern) {}

  // After the backslash; after the opening bracket.
  Result<CharacterSet> escaped_set();
  Result<CharacterSet> character_class(int depth);

  bool more() const { return at_ < pattern_.size(); }
  char peek() const { return more() ? pattern_[at_] : '\0'; }
  bool take(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  Error broken(const std::string& what) const {
    return {ErrorCode::bad_format, "The pattern has " + what + ".", "", "", "a regular expression",
            std::string(pattern_), "Correct the pattern."};
  }
  Error unsupported(const std::string& what) const {
    return {ErrorCode::unsupported, "The pattern uses " + what + ", which is not supported.", "", "", "",
            std::string(pattern_),  "Use a tokenizer whose pattern does without it."};
  }

  static constexpr int max_depth = 64;
  std::string_view pattern_;
  std::size_t at_ = 0;

 private:
  Result<CharacterSet> hexadecimal(bool braces, int digits);
  Result<CharacterSet> property(bool negated);
  Result<CharacterSet> posix_class();
  Status class_item(CharacterSet& into, int depth);
  Result<bool> class_character(char32_t& c, CharacterSet& into);
};

CharacterSet single_character(char32_t c);

}  // namespace trivium
