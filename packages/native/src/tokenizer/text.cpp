#include "tokenizer/text.h"

#include <array>
#include <utility>

#include "base/utf8.h"

namespace trivium {
namespace {

struct ByteAlphabet {
  std::array<char32_t, 256> character{};
  std::array<std::int16_t, 512> byte{};
  ByteAlphabet() {
    byte.fill(-1);
    char32_t next = 256;
    for (int b = 0; b < 256; ++b) {
      const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      character[b] = printable ? static_cast<char32_t>(b) : next++;
      byte[character[b]] = static_cast<std::int16_t>(b);
    }
  }
};
const ByteAlphabet& alphabet() {
  static const ByteAlphabet the;
  return the;
}

}  // namespace

Text Text::slice(std::size_t from, std::size_t to) const {
  Text part;
  part.bytes = bytes.substr(from, to - from);
  part.tracked = tracked;
  part.base = base + static_cast<std::uint32_t>(from);
  if (!begin.empty()) {
    part.begin.assign(begin.begin() + from, begin.begin() + to);
    part.end.assign(end.begin() + from, end.begin() + to);
  }
  return part;
}

TextRewriter::TextRewriter(const Text& from) : from_(from) {
  to_.tracked = from.tracked;
  to_.base = from.base;
  to_.bytes.reserve(from.bytes.size() + from.bytes.size() / 8 + 16);
  if (to_.tracked) {
    to_.begin.reserve(to_.bytes.capacity());
    to_.end.reserve(to_.bytes.capacity());
  }
}

void TextRewriter::keep(std::size_t from, std::size_t to) {
  to_.bytes.append(from_.bytes, from, to - from);
  if (!to_.tracked) return;
  for (std::size_t i = from; i < to; ++i) {
    to_.begin.push_back(from_.origin_begin(i));
    to_.end.push_back(from_.origin_end(i));
  }
}

void TextRewriter::put(std::string_view bytes, std::size_t from, std::size_t to) {
  to_.bytes.append(bytes);
  if (!to_.tracked || bytes.empty()) return;
  // An insertion (from == to) stands at the place where it was made.
  const bool inside = from < from_.bytes.size();
  const std::uint32_t begin = inside                ? from_.origin_begin(from)
                              : from_.bytes.empty() ? from_.base
                                                    : from_.origin_end(from_.bytes.size() - 1);
  const std::uint32_t end = to > from ? from_.origin_end(to - 1) : begin;
  to_.begin.insert(to_.begin.end(), bytes.size(), begin);
  to_.end.insert(to_.end.end(), bytes.size(), end);
}

void TextRewriter::put(char32_t c, std::size_t from, std::size_t to) {
  if (c < 0x80) {
    const char byte = static_cast<char>(c);
    put(std::string_view(&byte, 1), from, to);
    return;
  }
  std::string encoded;
  append_utf8(encoded, c);
  put(encoded, from, to);
}

Text text_of(std::string_view bytes, bool tracked) {
  Text text;
  text.tracked = tracked;
  if (is_utf8(bytes)) {
    text.bytes.assign(bytes);
    return text;
  }
  Text raw;
  raw.bytes.assign(bytes);
  raw.tracked = tracked;
  TextRewriter out(raw);
  for (std::size_t i = 0; i < bytes.size();) {
    const Utf8Step step = decode_utf8(bytes, i);
    if (step.valid) {
      out.keep(i, i + step.bytes);
    } else {
      out.put(replacement_character, i, i + step.bytes);
    }
    i += step.bytes;
  }
  return out.finish();
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  std::size_t copied = 0;
  while (!from.empty()) {
    const std::size_t at = text.find(from, copied);
    if (at == std::string_view::npos) break;
    out.append(text.substr(copied, at - copied)).append(to);
    copied = at + from.size();
  }
  return out.append(text.substr(copied));
}

char32_t character_of_byte(std::uint8_t byte) { return alphabet().character[byte]; }
int byte_of_character(char32_t c) { return c < 512 ? alphabet().byte[c] : -1; }

std::string byte_level_text(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) append_utf8(text, character_of_byte(static_cast<std::uint8_t>(byte)));
  return text;
}

bool byte_level_bytes(std::string_view text, std::string& bytes) {
  bytes.clear();
  for (std::size_t i = 0; i < text.size();) {
    const int byte = byte_of_character(next_character(text, i));
    if (byte < 0) return false;
    bytes.push_back(static_cast<char>(byte));
  }
  return true;
}

}  // namespace trivium
