// The table of well-formed byte sequences (Unicode 15, table 3-7) as code. Knows nothing of normal forms or classes.
#include "base/utf8.h"

#include <algorithm>
#include <cstring>

namespace trivium {
namespace {

struct Lead {
  std::uint8_t bytes;          // of the whole character; 0: no character begins with this byte
  std::uint8_t second_low, second_high;  // what may follow; later bytes are 80..BF
};

Lead lead(std::uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};  // below: overlong
  if (byte == 0xED) return {3, 0x80, 0x9F};  // above: surrogates
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};  // below: overlong
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};  // above: beyond U+10FFFF
  return {0, 0, 0};
}

}  // namespace

Utf8Step decode_utf8(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[offset + i]); };
  const std::size_t left = text.size() - offset;
  const Lead first = lead(byte(0));
  if (first.bytes == 1) return {byte(0), 1, true, false};
  if (first.bytes == 0) return {replacement_character, 1, false, false};
  char32_t code_point = byte(0) & (0x7F >> first.bytes);
  for (std::uint8_t i = 1; i < first.bytes; ++i) {
    if (i >= left) return {replacement_character, i, false, true};
    const std::uint8_t low = i == 1 ? first.second_low : 0x80, high = i == 1 ? first.second_high : 0xBF;
    if (byte(i) < low || byte(i) > high) return {replacement_character, i, false, false};
    code_point = (code_point << 6) | (byte(i) & 0x3F);
  }
  return {code_point, first.bytes, true, false};
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Most text is ASCII: eight bytes at a time while no top bit is set.
    std::uint64_t word = 0;
    if (i + 8 <= text.size()) {
      std::memcpy(&word, text.data() + i, 8);
      if ((word & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    const Utf8Step step = decode_utf8(text, i);
    if (!step.valid) return i;
    i += step.bytes;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& text, char32_t code_point) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) code_point = replacement_character;
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto continuation = [&](int shift) { put(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    continuation(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    continuation(6);
    continuation(0);
  } else {
    put(0xF0 | (code_point >> 18));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Step step = decode_utf8(text, i);
    if (step.valid) {
      repaired.append(text.substr(i, step.bytes));
    } else {
      append_utf8(repaired, replacement_character);
    }
    i += step.bytes;
  }
  return repaired;
}

std::size_t incomplete_utf8_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const Utf8Step step = decode_utf8(text, text.size() - back);
    if (step.truncated && step.bytes == back) return back;
  }
  return 0;
}

}  // namespace trivium
