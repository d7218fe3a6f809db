// Normal forms (UAX 15), lower case and the removal of marks. Runs of characters that a form cannot touch are
// copied.
#include <algorithm>

#include "tokenizer/normalizer.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

using unicode::record_of;

constexpr char32_t hangul_base = 0xAC00, leading_base = 0x1100, vowel_base = 0x1161, trailing_base = 0x11A7;
constexpr char32_t vowel_count = 21, trailing_count = 28, hangul_count = 11172, leading_count = 19;

struct Character {
  char32_t c;
  std::uint8_t combining_class;
  std::uint32_t from, to;  // bytes of the source text
};

std::uint32_t active_flag(NormalForm form) {
  switch (form) {
    case NormalForm::nfc:
      return unicode::nfc_active;
    case NormalForm::nfd:
      return unicode::nfd_active;
    case NormalForm::nfkc:
      return unicode::nfkc_active;
    case NormalForm::nfkd:
      return unicode::nfkd_active;
  }
  return 0;
}

void decompose(char32_t c, bool compatibility, std::uint32_t from, std::uint32_t to,
               std::vector<Character>& out) {
  const auto add = [&](char32_t part) { out.push_back({part, record_of(part).combining_class, from, to}); };
  if (c >= hangul_base && c < hangul_base + hangul_count) {
    const char32_t index = c - hangul_base;
    add(leading_base + index / (vowel_count * trailing_count));
    add(vowel_base + index % (vowel_count * trailing_count) / trailing_count);
    if (index % trailing_count != 0) add(trailing_base + index % trailing_count);
    return;
  }
  const std::uint32_t flags = record_of(c).flags;
  std::u32string_view parts;
  if (compatibility && (flags & unicode::has_nfkd))
    parts = unicode::nfkd_of(c);
  else if (flags & unicode::has_nfd)
    parts = unicode::nfd_of(c);
  if (parts.empty()) return add(c);
  for (const char32_t part : parts) add(part);
}

char32_t composed(char32_t first, char32_t second) {
  if (first >= leading_base && first < leading_base + leading_count && second >= vowel_base &&
      second < vowel_base + vowel_count) {
    return hangul_base + ((first - leading_base) * vowel_count + (second - vowel_base)) * trailing_count;
  }
  if (first >= hangul_base && first < hangul_base + hangul_count &&
      (first - hangul_base) % trailing_count == 0 && second > trailing_base &&
      second < trailing_base + trailing_count) {
    return first + (second - trailing_base);
  }
  return unicode::composition_of(first, second);
}

void reorder(std::vector<Character>& run) {
  const auto lower = [](const Character& a, const Character& b) {
    return a.combining_class < b.combining_class;
  };
  for (auto begin = run.begin(); begin != run.end();) {
    if (begin->combining_class == 0) {
      ++begin;
      continue;
    }
    const auto end =
        std::find_if(begin, run.end(), [](const Character& x) { return x.combining_class == 0; });
    std::stable_sort(begin, end, lower);
    begin = end;
  }
}

void compose(std::vector<Character>& run) {
  std::size_t kept = 0, starter = 0;
  bool has_starter = false;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const Character now = run[i];
    if (has_starter) {
      // Blocked when something between has the same class or a higher one (or is a starter itself).
      const bool adjacent = kept == starter + 1;
      const bool free = adjacent || (run[kept - 1].combining_class != 0 &&
                                     run[kept - 1].combining_class < now.combining_class);
      const char32_t whole = free ? composed(run[starter].c, now.c) : 0;
      if (whole != 0) {
        run[starter].c = whole;
        run[starter].from = std::min(run[starter].from, now.from);
        run[starter].to = std::max(run[starter].to, now.to);
        continue;
      }
    }
    if (now.combining_class == 0) {
      starter = kept;
      has_starter = true;
    }
    run[kept++] = now;
  }
  run.resize(kept);
}

}  // namespace

void apply_normal_form(Text& text, NormalForm form) {
  const std::string& bytes = text.bytes;
  const std::uint32_t active = active_flag(form);
  const bool compatibility = form == NormalForm::nfkc || form == NormalForm::nfkd;
  const bool composing = form == NormalForm::nfc || form == NormalForm::nfkc;
  std::vector<Character> run;
  TextRewriter out(text);
  bool changed = false;
  std::size_t copied = 0;
  for (std::size_t i = 0, previous = 0; i < bytes.size();) {
    const std::size_t at = i;
    const char32_t c = next_character(bytes, i);
    if (c < 0x80 || (record_of(c).flags & active) == 0) {
      previous = at;
      continue;
    }
    // The run begins at the untouched character before, which may be a starter that composes with what
    // follows.
    changed = true;
    out.keep(copied, std::max(previous, copied));
    run.clear();
    for (std::size_t k = std::max(previous, copied); k < bytes.size();) {
      const std::size_t from = k;
      const char32_t member = next_character(bytes, k);
      if (from > at && (member < 0x80 || (record_of(member).flags & active) == 0)) {
        k = from;
        break;
      }
      decompose(member, compatibility, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(k), run);
      i = k;
    }
    reorder(run);
    if (composing) compose(run);
    for (const Character& character : run) out.put(character.c, character.from, character.to);
    copied = previous = i;
  }
  if (!changed) return;
  out.keep(copied, bytes.size());
  text = out.finish();
}

void apply_lowercase(Text& text) {
  const std::string& bytes = text.bytes;
  TextRewriter out(text);
  std::size_t copied = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t at = i;
    const char32_t c = next_character(bytes, i);
    if (c < 0x80 ? c < 'A' || c > 'Z' : !unicode::has(c, unicode::has_lowercase)) continue;
    out.keep(copied, at);
    if (c < 0x80) {
      out.put(c + 32, at, i);
    } else {
      for (const char32_t lower : unicode::lowercase_of(c)) out.put(lower, at, i);
    }
    copied = i;
  }
  if (copied == 0) return;
  out.keep(copied, bytes.size());
  text = out.finish();
}

void drop_characters(Text& text, std::uint32_t flags) {
  const std::string& bytes = text.bytes;
  TextRewriter out(text);
  std::size_t copied = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t at = i;
    if (!unicode::has(next_character(bytes, i), flags)) continue;
    out.keep(copied, at);
    copied = i;
  }
  if (copied == 0) return;
  out.keep(copied, bytes.size());
  text = out.finish();
}

namespace {

class NormalFormStep : public Normalizer {
 public:
  explicit NormalFormStep(NormalForm form) : form_(form) {}
  void apply(Text& text) const override { apply_normal_form(text, form_); }

 private:
  NormalForm form_;
};
class LowercaseStep : public Normalizer {
  void apply(Text& text) const override { apply_lowercase(text); }
};
class StripAccentsStep : public Normalizer {
  void apply(Text& text) const override { drop_characters(text, unicode::combining_mark); }
};

}  // namespace

NormalizerPointer normal_form(NormalForm form) { return std::make_unique<NormalFormStep>(form); }
NormalizerPointer lowercase() { return std::make_unique<LowercaseStep>(); }
NormalizerPointer strip_accents() { return std::make_unique<StripAccentsStep>(); }

}  // namespace trivium
