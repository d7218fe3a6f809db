// Tokens that are found in the text before any model sees it, by leftmost-longest search. Tokens marked
// `normalized` are searched in normalised text, the others in the text as given. Knows nothing of models.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace trivium {

struct AddedToken {
  std::string content;
  TokenId id = -1;
  bool special = false, normalized = false, single_word = false, left_strip = false, right_strip = false;
};

struct AddedSpan {
  std::uint32_t begin, end;
  TokenId id;  // -1: text between tokens
};

class AddedTokenMatcher {
 public:
  // `token` must outlive the matcher's use; `pattern` is what is searched for.
  void add(const AddedToken& token, std::string_view pattern);
  bool empty() const { return tokens_.empty(); }
  // Covers the whole text, in order, with spans that are never empty. As in Hugging Face tokenizers, one may overlap the white
  // space that a token before it stripped. Special tokens are passed over unless `parse_special`.
  void find(std::string_view text, bool parse_special, std::vector<AddedSpan>& spans) const;

 private:
  std::uint32_t longest(std::string_view text, std::size_t at, std::size_t& end) const;  // index + 1; 0: none
  std::vector<AddedToken> tokens_;
  std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // (node << 8 | byte) -> node
  std::vector<std::uint32_t> ends_{0};                      // node -> index + 1 of the token that ends there
  bool first_byte_[256] = {};
};

}  // namespace trivium
