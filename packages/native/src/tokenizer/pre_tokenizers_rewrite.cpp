// The pre-tokenizers that also rewrite the text: byte-level and Metaspace.
#include "base/utf8.h"
#include "tokenizer/pre_tokenizer.h"

namespace trivium {
namespace {

// Rewrites each piece by `body(range, out)`; ranges follow.
template <class Body>
void rewrite(Pieces& pieces, Body body) {
  TextRewriter out(pieces.text);
  std::vector<Range> ranges;
  ranges.reserve(pieces.ranges.size());
  for (const Range& range : pieces.ranges) {
    const std::uint32_t begin = static_cast<std::uint32_t>(out.size());
    body(range, out);
    const std::uint32_t end = static_cast<std::uint32_t>(out.size());
    if (end > begin) ranges.push_back({begin, end});
  }
  pieces.text = out.finish();
  pieces.ranges = std::move(ranges);
}

class ByteLevel : public PreTokenizer {
 public:
  ByteLevel(bool add_prefix_space, bool use_regex, bool rewrite)
      : add_prefix_space_(add_prefix_space), rewrite_(rewrite) {
    if (use_regex) split_ = split_known(gpt2_splitter());
  }

  void apply(Pieces& pieces) const override {
    if (add_prefix_space_) {
      rewrite(pieces, [&](const Range& range, TextRewriter& out) {
        if (pieces.text.bytes[range.begin] != ' ') out.put(" ", range.begin, range.begin);
        out.keep(range.begin, range.end);
      });
    }
    if (split_) split_->apply(pieces);
    if (!rewrite_) return;
    rewrite(pieces, [&](const Range& range, TextRewriter& out) {
      for (std::uint32_t i = range.begin; i < range.end; ++i) {
        out.put(character_of_byte(static_cast<std::uint8_t>(pieces.text.bytes[i])), i, i + 1);
      }
    });
  }

 private:
  bool add_prefix_space_, rewrite_;
  PreTokenizerPointer split_;
};

class Metaspace : public PreTokenizer {
 public:
  Metaspace(char32_t replacement, PrependScheme scheme, bool split) : scheme_(scheme) {
    append_utf8(replacement_, replacement);
    if (split) split_ = split_on(replacement_, SplitBehavior::merged_with_next, false);
  }
  bool needs_origins() const override { return scheme_ == PrependScheme::first; }

  void apply(Pieces& pieces) const override {
    rewrite(pieces, [&](const Range& range, TextRewriter& out) {
      const std::string_view piece(pieces.text.bytes.data() + range.begin, range.end - range.begin);
      const bool has_prefix = piece[0] == ' ' || piece.starts_with(replacement_);
      const bool wanted = scheme_ == PrependScheme::always ||
                          (scheme_ == PrependScheme::first && pieces.text.origin_begin(range.begin) == 0);
      if (wanted && !has_prefix) out.put(replacement_, range.begin, range.begin);
      for (std::uint32_t i = range.begin, from = i; i <= range.end; ++i) {
        if (i < range.end && pieces.text.bytes[i] != ' ') continue;
        out.keep(from, i);
        if (i < range.end) out.put(replacement_, i, i + 1);
        from = i + 1;
      }
    });
    if (split_) split_->apply(pieces);
  }

 private:
  PrependScheme scheme_;
  std::string replacement_;
  PreTokenizerPointer split_;
};

}  // namespace

PreTokenizerPointer byte_level(bool add_prefix_space, bool use_regex, bool rewrite) {
  return std::make_unique<ByteLevel>(add_prefix_space, use_regex, rewrite);
}
PreTokenizerPointer metaspace(char32_t replacement, PrependScheme scheme, bool split) {
  return std::make_unique<Metaspace>(replacement, scheme, split);
}

}  // namespace trivium
