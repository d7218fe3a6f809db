// Text on its way from the caller's bytes to tokens: what it says now and, when spans are asked for, where
// each byte came from. Always well-formed UTF-8: repaired once at the door. Knows nothing of normal forms or
// tokens.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trivium {

struct Text {
  std::string bytes;
  bool tracked = false;                   // origins are kept through rewriting
  std::uint32_t base = 0;                 // while begin is empty: byte i came from base + i
  std::vector<std::uint32_t> begin, end;  // tracked and rewritten: the source range of each byte

  std::uint32_t origin_begin(std::size_t i) const {
    return begin.empty() ? base + static_cast<std::uint32_t>(i) : begin[i];
  }
  std::uint32_t origin_end(std::size_t i) const {
    return end.empty() ? base + static_cast<std::uint32_t>(i) + 1 : end[i];
  }
  Text slice(std::size_t from, std::size_t to) const;
};

// The character that begins at text[i]; moves i behind it. The text must be well-formed.
inline char32_t next_character(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(text[k]); };
  const std::uint8_t lead = byte(i);
  if (lead < 0x80) return byte(i++);
  char32_t c;
  if (lead < 0xE0) {
    c = (lead & 0x1Fu) << 6 | (byte(i + 1) & 0x3Fu);
    i += 2;
  } else if (lead < 0xF0) {
    c = (lead & 0x0Fu) << 12 | (byte(i + 1) & 0x3Fu) << 6 | (byte(i + 2) & 0x3Fu);
    i += 3;
  } else {
    c = (lead & 0x07u) << 18 | (byte(i + 1) & 0x3Fu) << 12 | (byte(i + 2) & 0x3Fu) << 6 |
        (byte(i + 3) & 0x3Fu);
    i += 4;
  }
  return c;
}
inline char32_t previous_character(std::string_view text, std::size_t& i) {
  do --i;
  while (i > 0 && (static_cast<std::uint8_t>(text[i]) & 0xC0) == 0x80);
  std::size_t at = i;
  return next_character(text, at);
}

// Builds the next version of a text from left to right.
class TextRewriter {
 public:
  explicit TextRewriter(const Text& from);
  void keep(std::size_t from, std::size_t to);                         // copies source bytes
  void put(std::string_view bytes, std::size_t from, std::size_t to);  // new bytes that stand for [from, to)
  void put(char32_t c, std::size_t from, std::size_t to);
  std::size_t size() const { return to_.bytes.size(); }
  Text finish() { return std::move(to_); }

 private:
  const Text& from_;
  Text to_;
};

// Ill-formed bytes become U+FFFD, one for each maximal ill-formed part; an encoded surrogate is three such
// parts.
Text text_of(std::string_view bytes, bool tracked);

std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

// GPT-2's bijection between bytes and printable characters.
char32_t character_of_byte(std::uint8_t byte);
int byte_of_character(char32_t c);  // -1 outside the alphabet
std::string byte_level_text(std::string_view bytes);
bool byte_level_bytes(std::string_view text, std::string& bytes);  // false: a character outside the alphabet

}  // namespace trivium
