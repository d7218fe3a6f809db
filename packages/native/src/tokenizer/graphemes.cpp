// The rules of UAX #29 by number. GB9c (Indic conjuncts) is left out: each part of one is three bytes and more, so the
// longer cluster and the shorter ones are all beyond the five bytes that matter. For the same reason spacing marks and
// extending marks need not be told apart.
#include "tokenizer/graphemes.h"

#include "tokenizer/text.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

constexpr char32_t joiner = 0x200D;

bool leading_jamo(char32_t c) { return (c >= 0x1100 && c <= 0x115F) || (c >= 0xA960 && c <= 0xA97C); }
bool vowel_jamo(char32_t c) { return (c >= 0x1160 && c <= 0x11A7) || (c >= 0xD7B0 && c <= 0xD7C6); }
bool trailing_jamo(char32_t c) { return (c >= 0x11A8 && c <= 0x11FF) || (c >= 0xD7CB && c <= 0xD7FB); }
bool syllable(char32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }
bool open_syllable(char32_t c) { return syllable(c) && (c - 0xAC00) % 28 == 0; }
bool regional(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }

bool hangul_continues(char32_t before, char32_t after) {
  if (leading_jamo(before)) return leading_jamo(after) || vowel_jamo(after) || syllable(after);           // GB6
  if (vowel_jamo(before) || open_syllable(before)) return vowel_jamo(after) || trailing_jamo(after);      // GB7
  return (trailing_jamo(before) || syllable(before)) && trailing_jamo(after);                             // GB8
}

// What the cluster so far says about the next character.
struct Cluster {
  char32_t last;
  bool pictographic;  // begins with a pictograph and marks alone follow
  bool odd_regional;  // an odd number of regional indicators
};

bool continues(const Cluster& cluster, char32_t next) {
  if (cluster.last == U'\r' && next == U'\n') return true;                                                // GB3
  if (unicode::has(cluster.last, unicode::grapheme_control)) return false;                                // GB4
  if (unicode::has(next, unicode::grapheme_control)) return false;                                        // GB5
  if (unicode::has(next, unicode::grapheme_extend)) return true;                                          // GB9, GB9a
  if (unicode::has(cluster.last, unicode::grapheme_prepend)) return true;                                 // GB9b
  if (hangul_continues(cluster.last, next)) return true;
  if (cluster.last == joiner && cluster.pictographic && unicode::has(next, unicode::pictographic)) return true;  // GB11
  return regional(next) && cluster.odd_regional && regional(cluster.last);                                // GB12, GB13
}

}  // namespace

std::size_t grapheme_end(std::string_view text, std::size_t at) {
  const auto ascii = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]) < 0x80; };
  if (ascii(at) && (at + 1 == text.size() || (ascii(at + 1) && text[at] != '\r'))) return at + 1;
  const char32_t first = next_character(text, at);
  Cluster cluster{first, unicode::has(first, unicode::pictographic), regional(first)};
  while (at < text.size()) {
    std::size_t end = at;
    const char32_t next = next_character(text, end);
    if (!continues(cluster, next)) break;
    const bool mark = unicode::has(next, unicode::grapheme_extend);
    cluster = {next, mark ? cluster.pictographic : unicode::has(next, unicode::pictographic), regional(next) && !cluster.odd_regional};
    at = end;
  }
  return at;
}

}  // namespace trivium
