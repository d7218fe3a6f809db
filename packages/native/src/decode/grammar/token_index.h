// A vocabulary laid out for masks: tokens by their bytes in a trie that is walked once a mask, and the tokens that are
// plain text (whole characters, nothing that JSON escapes) sorted by length, since inside a string most tokens are plain
// and all of them are allowed at once. Made once a tokenizer. Refuses to know grammars.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace trivium::grammar {

using MaskWords = std::vector<std::uint64_t>;  // bit i: token i

// Depth-first; a node that fails is left for `end`, the node after all that begin with it.
struct TrieNode {
  std::uint32_t end;
  std::uint32_t tokens_begin;  // of Trie::tokens
  std::uint16_t depth;         // of its parent
  std::uint8_t byte, tokens;   // tokens that end here
};
struct Trie {
  std::vector<TrieNode> nodes;
  std::vector<TokenId> tokens;
};

inline constexpr int longest_plain = 16;  // characters that plain tokens are told apart by

class TokenIndex {
 public:
  static std::shared_ptr<const TokenIndex> of(const Tokenizer& tokenizer, std::size_t vocabulary);

  std::size_t vocabulary() const { return bytes_.size(); }
  std::size_t words() const { return (bytes_.size() + 63) / 64; }
  // "" for what is never text: special tokens and ids that stand for nothing.
  const std::string& bytes(TokenId id) const { return bytes_[std::size_t(id)]; }
  TokenId special(const std::string& text) const;            // -1: there is none
  const Trie& all() const { return all_; }
  const Trie& not_plain() const { return not_plain_; }
  const Trie& long_plain() const { return long_plain_; }     // of more than longest_plain characters
  const MaskWords& plain(int characters) const { return plain_[std::size_t(characters)]; }  // of at most that many
  bool has_long_plain() const { return !long_plain_.tokens.empty(); }
  std::uint32_t longest() const { return longest_; }         // bytes of a token
  // The tokenizer drops a space that begins a text.
  bool drops_first_space() const { return drops_first_space_; }
  // Fewest tokens that spell the symbols; empty when none do (and the text is not). `is_first`: a text begins with them, so
  // where a first space is dropped there must be one more than they say, and may be one where they say none.
  std::vector<TokenId> spell(std::vector<std::uint16_t> symbols, const std::vector<std::string>& special, bool is_first) const;

 private:
  std::vector<std::string> bytes_;
  std::unordered_map<std::string, TokenId> special_;
  Trie all_, not_plain_, long_plain_;
  std::vector<MaskWords> plain_;
  std::uint32_t longest_ = 0;
  bool drops_first_space_ = false;
};

}  // namespace trivium::grammar
