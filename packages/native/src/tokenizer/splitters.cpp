// One function a pattern, each alternative in the pattern's order. ASCII is classified by table.
#include "tokenizer/splitters.h"

#include <cstdint>

#include "tokenizer/text.h"
#include "tokenizer/unicode.h"

namespace trivium {

const char* const gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const char* const llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
const char* const qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

namespace {

enum Kind : std::uint8_t { other, letter, number, space, line_end };

Kind kind_of(char32_t c) {
  const unicode::Record& record = unicode::record_of(c);
  const std::uint32_t bit = 1u << record.category;
  if (bit & unicode::letters) return letter;
  if (bit & unicode::numbers) return number;
  if (c == '\r' || c == '\n') return line_end;
  return record.flags & unicode::regex_space ? space : other;
}

struct AsciiKinds {
  Kind kind[128];
  AsciiKinds() {
    for (char32_t c = 0; c < 128; ++c) kind[c] = kind_of(c);
  }
};
const AsciiKinds ascii;

// The kind of the character at i; moves i behind it.
inline Kind next_kind(std::string_view text, std::size_t& i) {
  const std::uint8_t byte = static_cast<std::uint8_t>(text[i]);
  if (byte < 0x80) {
    ++i;
    return ascii.kind[byte];
  }
  return kind_of(next_character(text, i));
}

inline std::size_t run_of(std::string_view text, std::size_t at, Kind kind) {
  while (at < text.size()) {
    std::size_t next = at;
    if (next_kind(text, next) != kind) break;
    at = next;
  }
  return at;
}

inline bool is_space(Kind kind) { return kind == space || kind == line_end; }

// (?i:'s|'t|'re|'ve|'m|'ll|'d), or the case-sensitive form. U+017F folds to s.
std::size_t contraction(std::string_view text, std::size_t at, bool fold) {
  const auto byte = [&](std::size_t i) -> char {
    if (at + i >= text.size()) return '\0';
    const char c = text[at + i];
    return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  switch (byte(1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return at + 2;
    case 'r':
    case 'v':
      return byte(2) == 'e' ? at + 3 : 0;
    case 'l':
      return byte(2) == 'l' ? at + 3 : 0;
    default:
      return fold && text.substr(at + 1, 2) == "\xC5\xBF" ? at + 3 : 0;
  }
}

// \s+(?!\S)|\s+ for a run of white space that ends at `end`: leaves one character to what follows.
std::size_t white_space(std::string_view text, std::size_t at, std::size_t end) {
  if (end == text.size()) return end;
  std::size_t last = end;
  previous_character(text, last);
  return last > at ? last : end;
}

std::size_t white_space_end(std::string_view text, std::size_t at, std::size_t& behind_last_line_end) {
  behind_last_line_end = 0;
  while (at < text.size()) {
    std::size_t next = at;
    const Kind kind = next_kind(text, next);
    if (!is_space(kind)) break;
    if (kind == line_end) behind_last_line_end = next;
    at = next;
  }
  return at;
}

std::size_t next_gpt2(std::string_view text, std::size_t at) {
  if (text[at] == '\'') {
    const std::size_t end = contraction(text, at, false);
    if (end != 0) return end;
  }
  std::size_t next = at;
  Kind kind = next_kind(text, next);
  if (text[at] == ' ' && next < text.size()) {
    std::size_t second = next;
    const Kind following = next_kind(text, second);
    if (!is_space(following)) return run_of(text, second, following);
  }
  if (!is_space(kind)) return run_of(text, next, kind);
  std::size_t unused;
  return white_space(text, at, white_space_end(text, next, unused));
}

template <int digits>
std::size_t next_llama3(std::string_view text, std::size_t at) {
  if (text[at] == '\'') {
    const std::size_t end = contraction(text, at, true);
    if (end != 0) return end;
  }
  std::size_t next = at;
  const Kind kind = next_kind(text, next);
  if (kind == letter) return run_of(text, next, letter);
  std::size_t second = next;
  const bool has_second = next < text.size();
  const Kind following = has_second ? next_kind(text, second) : other;
  if (kind == number) {
    for (int i = 1; i < digits && next < text.size(); ++i) {
      std::size_t further = next;
      if (next_kind(text, further) != number) break;
      next = further;
    }
    return next;
  }
  if (kind != line_end && has_second && following == letter) return run_of(text, second, letter);
  if (kind == other || (text[at] == ' ' && has_second && following == other)) {
    return run_of(text, run_of(text, kind == other ? next : second, other), line_end);
  }
  std::size_t behind_last_line_end;
  const std::size_t end = white_space_end(text, at, behind_last_line_end);
  return behind_last_line_end != 0 ? behind_last_line_end : white_space(text, at, end);
}

}  // namespace

Splitter gpt2_splitter() { return next_gpt2; }
Splitter llama3_splitter() { return next_llama3<3>; }
Splitter qwen2_splitter() { return next_llama3<1>; }

Splitter splitter_of(std::string_view pattern) {
  if (pattern == gpt2_pattern) return gpt2_splitter();
  if (pattern == llama3_pattern) return llama3_splitter();
  if (pattern == qwen2_pattern) return qwen2_splitter();
  return nullptr;
}

}  // namespace trivium
