// WordPiece: the longest entry that fits, from left to right; a word that cannot be covered is one unknown
// token.
#include <algorithm>

#include "tokenizer/model.h"
#include "tokenizer/text.h"

namespace trivium {
namespace {

class WordPiece : public Model {
 public:
  WordPiece(const VocabularyMap& vocabulary, WordPieceSettings settings,
            const std::unordered_set<TokenId>& special)
      : settings_(std::move(settings)) {
    const std::string& prefix = settings_.continuing_prefix;
    for (const auto& [text, id] : vocabulary) {
      if (special.contains(id)) continue;
      longest_first_ = std::max(longest_first_, text.size());
      first_.emplace(text, id);
      if (!text.starts_with(prefix)) continue;
      longest_next_ = std::max(longest_next_, text.size() - prefix.size());
      next_.emplace(text.substr(prefix.size()), id);
    }
  }

  void tokenize(std::string_view piece, Workspace&, std::vector<Symbol>& out) const override {
    const std::size_t start = out.size();
    if (!too_long(piece)) {
      std::size_t at = 0;
      while (at < piece.size()) {
        const Symbol symbol =
            longest(piece.substr(at), at == 0 ? first_ : next_, at == 0 ? longest_first_ : longest_next_);
        if (symbol.bytes == 0) break;
        out.push_back(symbol);
        at += symbol.bytes;
      }
      if (at == piece.size()) return;
    }
    out.resize(start);
    out.push_back({settings_.unknown, static_cast<std::uint32_t>(piece.size())});
  }

 private:
  bool too_long(std::string_view piece) const {
    if (piece.size() <= settings_.max_characters) return false;
    const auto starts = [](char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(piece.begin(), piece.end(), starts)) >
           settings_.max_characters;
  }

  static Symbol longest(std::string_view rest, const VocabularyMap& entries, std::size_t limit) {
    std::size_t end = std::min(rest.size(), limit);
    while (end > 0 && end < rest.size() && (static_cast<std::uint8_t>(rest[end]) & 0xC0) == 0x80) --end;
    while (end > 0) {
      const auto found = entries.find(rest.substr(0, end));
      if (found != entries.end()) return {found->second, static_cast<std::uint32_t>(end)};
      previous_character(rest, end);
    }
    return {0, 0};
  }

  WordPieceSettings settings_;
  VocabularyMap first_, next_;
  std::size_t longest_first_ = 0, longest_next_ = 0;
};

}  // namespace

ModelPointer make_wordpiece(const VocabularyMap& vocabulary, WordPieceSettings settings,
                            const std::unordered_set<TokenId>& special) {
  return std::make_unique<WordPiece>(vocabulary, std::move(settings), special);
}

}  // namespace trivium
