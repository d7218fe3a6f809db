// SentencePiece's compiled character map, as Hugging Face tokenizers applies it: a user-perceived character of at most
// five bytes is replaced as a whole by what the map has for its shortest prefix; where there is none, or it is longer,
// its code points are looked up one by one. Knows nothing of how maps are made.
//
// The bytes: a 32-bit size, a double-array trie of that many bytes (Darts-clone: 32-bit units, little-endian), then the
// replacements, each ended by a zero.
#include <cstring>

#include "base/utf8.h"
#include "tokenizer/graphemes.h"
#include "tokenizer/normalizer.h"

namespace trivium {
namespace {

class CharacterMap : public Normalizer {
 public:
  CharacterMap(std::vector<std::uint32_t> units, std::string replacements)
      : units_(std::move(units)), replacements_(std::move(replacements)) {}

  void apply(Text& text) const override {
    TextRewriter out(text);
    std::size_t copied = 0;
    const auto replaced = [&](std::size_t begin, std::size_t end) {
      std::string_view replacement;
      if (!find(std::string_view(text.bytes).substr(begin, end - begin), replacement)) return false;
      out.keep(copied, begin);
      out.put(replacement, begin, end);
      copied = end;
      return true;
    };
    for (std::size_t at = 0, end = 0; at < text.bytes.size(); at = end) {
      end = grapheme_end(text.bytes, at);
      if (end - at <= longest_whole && replaced(at, end)) continue;
      for (std::size_t begin = at, next = at; begin < end; begin = next) {
        next_character(text.bytes, next);
        replaced(begin, next);
      }
    }
    if (copied == 0) return;
    out.keep(copied, text.bytes.size());
    text = out.finish();
  }

 private:
  static constexpr std::size_t longest_whole = 5;

  static std::uint32_t offset_of(std::uint32_t unit) { return unit >> 10 << ((unit & 0x200) >> 6); }

  // What the shortest prefix of `text` in the map becomes. A map that leads outside itself has nothing.
  bool find(std::string_view text, std::string_view& replacement) const {
    std::uint32_t at = offset_of(units_[0]);
    for (const char c : text) {
      const std::uint32_t byte = static_cast<std::uint8_t>(c);
      if (byte == 0) return false;
      at ^= byte;
      if (at >= units_.size()) return false;
      const std::uint32_t unit = units_[at];
      if ((unit & 0x800000FF) != byte) return false;
      at ^= offset_of(unit);
      if ((unit & 0x100) == 0) continue;
      if (at >= units_.size()) return false;
      const std::uint32_t begin = units_[at] & 0x7FFFFFFF;
      if (begin >= replacements_.size()) return false;
      replacement = std::string_view(replacements_.c_str() + begin);
      return is_utf8(replacement);
    }
    return false;
  }

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace

NormalizerPointer character_map(std::string_view compiled) {
  std::uint32_t bytes = 0;
  if (compiled.size() < sizeof bytes) return nullptr;
  std::memcpy(&bytes, compiled.data(), sizeof bytes);
  if (bytes == 0 || bytes % 4 != 0 || bytes > compiled.size() - sizeof bytes) return nullptr;
  std::vector<std::uint32_t> units(bytes / 4);
  std::memcpy(units.data(), compiled.data() + sizeof bytes, bytes);
  return std::make_unique<CharacterMap>(std::move(units), std::string(compiled.substr(sizeof bytes + bytes)));
}

}  // namespace trivium
