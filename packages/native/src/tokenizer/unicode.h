// What the tokenizer room knows of single code points. The tables (unicode_tables.cpp) are generated from
// what Hugging Face tokenizers answers for every code point: it mixes Unicode versions, and ids must agree
// with it. Knows nothing of text, encodings or tokens.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trivium::unicode {

// clang-format off
enum Category : std::uint8_t {
  Cn, Cc, Cf, Co, Cs, Ll, Lm, Lo, Lt, Lu, Mc, Me, Mn, Nd, Nl, No,
  Pc, Pd, Pe, Pf, Pi, Po, Ps, Sc, Sk, Sm, So, Zl, Zp, Zs,
};

// clang-format on
enum Flag : std::uint32_t {
  rust_space = 1u << 0,         // White_Space: Strip, WhitespaceSplit, BERT
  regex_space = 1u << 1,        // \s of Oniguruma
  regex_word = 1u << 2,         // \w of Oniguruma
  rust_word = 1u << 3,          // \w of the Whitespace pre-tokenizer and of single_word
  rust_numeric = 1u << 4,
  bert_punctuation = 1u << 5,
  bert_control = 1u << 6,
  nonspacing_mark = 1u << 7,    // BERT's strip_accents
  combining_mark = 1u << 8,     // StripAccents
  has_lowercase = 1u << 9,
  has_fold = 1u << 10,
  has_nfd = 1u << 11,           // canonical decomposition, Hangul syllables excepted
  has_nfkd = 1u << 12,          // a compatibility decomposition that differs from it
  nfc_active = 1u << 13,        // can change, reorder or compose under the form
  nfd_active = 1u << 14,
  nfkc_active = 1u << 15,
  nfkd_active = 1u << 16,
  han = 1u << 17,
  grapheme_extend = 1u << 18,   // joins what stands before: marks, joiners, modifiers
  grapheme_control = 1u << 19,  // stands alone, marks after it too
  grapheme_prepend = 1u << 20,  // joins what stands behind
  pictographic = 1u << 21,      // joins a pictograph before a zero-width joiner
};

struct Record {
  std::uint8_t category;
  std::uint8_t combining_class;
  std::uint32_t flags;
};

const Record& record_of(char32_t c);
inline bool has(char32_t c, std::uint32_t flags) { return (record_of(c).flags & flags) != 0; }
// A set of categories is a mask of bits 1 << Category.
inline std::uint32_t category_bit(char32_t c) { return 1u << record_of(c).category; }
inline constexpr std::uint32_t letters = 1u << Ll | 1u << Lm | 1u << Lo | 1u << Lt | 1u << Lu;
inline constexpr std::uint32_t marks = 1u << Mc | 1u << Me | 1u << Mn;
inline constexpr std::uint32_t numbers = 1u << Nd | 1u << Nl | 1u << No;

// Empty when the character maps to itself.
std::u32string_view lowercase_of(char32_t c);
std::u32string_view nfd_of(char32_t c);
std::u32string_view nfkd_of(char32_t c);
char32_t fold_of(char32_t c);                             // simple case folding
char32_t composition_of(char32_t first, char32_t second); // 0 when the pair has none; no Hangul

}  // namespace trivium::unicode
