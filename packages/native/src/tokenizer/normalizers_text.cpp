// The normalizers that need no tables of their own: trimming, prefixes, replacement, byte-level text,
// sequences.
#include "tokenizer/normalizer.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

class Strip : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  void apply(Text& text) const override {
    std::size_t begin = 0, end = text.bytes.size();
    for (std::size_t i = begin; left_ && begin < end; begin = i) {
      if (!unicode::has(next_character(text.bytes, i), unicode::rust_space)) break;
    }
    for (std::size_t i = end; right_ && end > begin; end = i) {
      if (!unicode::has(previous_character(text.bytes, i), unicode::rust_space)) break;
    }
    if (begin > 0 || end < text.bytes.size()) text = text.slice(begin, end);
  }

 private:
  bool left_, right_;
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(Text& text) const override {
    if (text.bytes.empty()) return;
    TextRewriter out(text);
    out.put(prefix_, 0, 0);
    out.keep(0, text.bytes.size());
    text = out.finish();
  }

 private:
  std::string prefix_;
};

class Nmt : public Normalizer {
  static bool dropped(char32_t c) {
    return (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
  }
  static bool spaced(char32_t c) {
    return c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
           c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  }
  void apply(Text& text) const override {
    TextRewriter out(text);
    for (std::size_t i = 0; i < text.bytes.size();) {
      const std::size_t at = i;
      const char32_t c = next_character(text.bytes, i);
      if (dropped(c)) continue;
      if (spaced(c))
        out.put(U' ', at, i);
      else
        out.keep(at, i);
    }
    text = out.finish();
  }
};

class ByteLevelText : public Normalizer {
  void apply(Text& text) const override {
    TextRewriter out(text);
    for (std::size_t i = 0; i < text.bytes.size(); ++i) {
      out.put(character_of_byte(static_cast<std::uint8_t>(text.bytes[i])), i, i + 1);
    }
    text = out.finish();
  }
};

class Replace : public Normalizer {
 public:
  Replace(std::string literal, std::shared_ptr<const Regex> regex, std::string content)
      : literal_(std::move(literal)), regex_(std::move(regex)), content_(std::move(content)) {}

  void apply(Text& text) const override {
    TextRewriter out(text);
    std::size_t copied = 0;
    bool changed = false;
    const auto replaced = [&](std::size_t begin, std::size_t end) {
      out.keep(copied, begin);
      out.put(content_, begin, end);
      copied = end;
      changed = true;
    };
    if (regex_) {
      for (const Match& match : regex_->find_all(text.bytes)) replaced(match.begin, match.end);
    } else if (!literal_.empty()) {
      for (std::size_t at = 0; (at = text.bytes.find(literal_, at)) != std::string::npos;
           at += literal_.size()) {
        replaced(at, at + literal_.size());
      }
    }
    if (!changed) return;
    out.keep(copied, text.bytes.size());
    text = out.finish();
  }

 private:
  std::string literal_;
  std::shared_ptr<const Regex> regex_;
  std::string content_;
};

class Sequence : public Normalizer {
 public:
  explicit Sequence(std::vector<NormalizerPointer> steps) : steps_(std::move(steps)) {}
  void apply(Text& text) const override {
    for (const auto& step : steps_) step->apply(text);
  }

 private:
  std::vector<NormalizerPointer> steps_;
};

}  // namespace

NormalizerPointer strip(bool left, bool right) { return std::make_unique<Strip>(left, right); }
NormalizerPointer prepend(std::string text) { return std::make_unique<Prepend>(std::move(text)); }
NormalizerPointer nmt() { return std::make_unique<Nmt>(); }
NormalizerPointer byte_level_normalizer() { return std::make_unique<ByteLevelText>(); }
NormalizerPointer replace(std::string pattern, std::string content) {
  return std::make_unique<Replace>(std::move(pattern), nullptr, std::move(content));
}
NormalizerPointer replace(std::shared_ptr<const Regex> pattern, std::string content) {
  return std::make_unique<Replace>(std::string(), std::move(pattern), std::move(content));
}
NormalizerPointer sequence(std::vector<NormalizerPointer> steps) {
  return std::make_unique<Sequence>(std::move(steps));
}

}  // namespace trivium
