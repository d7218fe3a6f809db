// UTF-8 as Unicode defines it: no surrogates, no overlong forms, nothing above U+10FFFF. Ill-formed input is either
// refused or repaired the way the WHATWG decoder does: one U+FFFD per maximal subpart.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace trivium {

inline constexpr char32_t replacement_character = 0xFFFD;

struct Utf8Step {
  char32_t code_point = replacement_character;
  std::uint8_t bytes = 0;   // consumed: the character, or the maximal ill-formed subpart; 0 at the end
  bool valid = false;
  bool truncated = false;   // the text ended inside what could still become a character
};

Utf8Step decode_utf8(std::string_view text, std::size_t offset);
std::size_t find_invalid_utf8(std::string_view text);  // offset of the first ill-formed byte, npos when none
inline bool is_utf8(std::string_view text) { return find_invalid_utf8(text) == std::string_view::npos; }
void append_utf8(std::string& text, char32_t code_point);  // surrogates and values above U+10FFFF become U+FFFD
std::string repair_utf8(std::string_view text);
// Bytes at the end that are the beginning of a character (0 to 3): a streaming decoder holds them back.
std::size_t incomplete_utf8_tail(std::string_view text);

}  // namespace trivium
