// BERT's cleaning: control characters out, white space to spaces, spaces around Chinese characters, accents,
// case.
#include "tokenizer/normalizer.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

// The ranges of the published implementation; it begins one block at 2B920 where Unicode begins it at 2B820.
bool is_chinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// ASCII needs no table: what cleaning and lower case make of each byte; 0 is "removed".
struct AsciiCleaning {
  char to[128];
  explicit AsciiCleaning(const BertCleaning& what) {
    for (int c = 0; c < 128; ++c) {
      to[c] = static_cast<char>(c);
      if (what.clean_text && (c < 0x20 || c == 0x7F))
        to[c] = c == '\t' || c == '\n' || c == '\r' ? ' ' : '\0';
      if (what.lowercase && c >= 'A' && c <= 'Z') to[c] = static_cast<char>(c + 32);
    }
  }
};

class BertNormalizer : public Normalizer {
 public:
  explicit BertNormalizer(BertCleaning what) : what_(what), ascii_(what) {}

  void apply(Text& text) const override {
    const bool plain = clean(text);
    if (plain) return;
    if (what_.strip_accents) {
      apply_normal_form(text, NormalForm::nfd);
      drop_characters(text, unicode::nonspacing_mark);
    }
    if (what_.lowercase) apply_lowercase(text);
  }

 private:
  // True when the text was ASCII throughout, which the cleaning then finished.
  bool clean(Text& text) const {
    const std::string& bytes = text.bytes;
    TextRewriter out(text);
    bool ascii = true;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < bytes.size();) {
      const std::size_t at = i;
      const char32_t c = next_character(bytes, i);
      if (c < 0x80) {
        const char to = ascii_.to[c];
        if (to == static_cast<char>(c) && (c != 0 || !what_.clean_text)) continue;
        out.keep(copied, at);
        if (to != 0) out.put(std::string_view(&to, 1), at, i);
        copied = i;
        continue;
      }
      ascii = false;
      const std::uint32_t flags = unicode::record_of(c).flags;
      if (what_.clean_text && (flags & unicode::bert_control)) {
        out.keep(copied, at);
      } else if (what_.clean_text && (flags & unicode::rust_space)) {
        out.keep(copied, at);
        out.put(U' ', at, i);
      } else if (what_.chinese_characters && is_chinese(c)) {
        out.keep(copied, at);
        out.put(" ", at, at);
        out.keep(at, i);
        out.put(" ", i, i);
      } else {
        continue;
      }
      copied = i;
    }
    if (copied > 0) {
      out.keep(copied, bytes.size());
      text = out.finish();
    }
    return ascii;
  }

  BertCleaning what_;
  AsciiCleaning ascii_;
};

}  // namespace

NormalizerPointer bert_normalizer(BertCleaning what) { return std::make_unique<BertNormalizer>(what); }

}  // namespace trivium
