// A tokenizer for tests and fuzzing: a vocabulary of single bytes and some longer tokens. Encodes nothing.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace grammar_test {

using namespace trivium;

// Ids 0 to 255 are bytes; then `longer`; then the special tokens <end> and <call>. `drops_first_space`: a text's first
// space is not part of it, as SentencePiece has it.
class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(std::vector<std::string> longer = {}, bool drops_first_space = false)
      : drops_first_space_(drops_first_space) {
    for (int byte = 0; byte < 256; ++byte) tokens_.push_back(std::string(1, char(byte)));
    tokens_.insert(tokens_.end(), longer.begin(), longer.end());
    first_special_ = tokens_.size();
    tokens_.insert(tokens_.end(), {"<end>", "<call>"});
  }
  std::vector<TokenId> encode(std::string_view, const EncodeOptions&) const override { return {}; }
  std::vector<TokenSpan> encode_spans(std::string_view, const EncodeOptions&) const override { return {}; }
  PairEncoding encode_pair(std::string_view, std::string_view, const EncodeOptions&) const override { return {}; }
  std::string decode(std::span<const TokenId> ids, bool) const override {
    std::string text;
    for (const TokenId id : ids) text += tokens_[std::size_t(id)];
    return drops_first_space_ && text.starts_with(' ') ? text.substr(1) : text;
  }
  std::unique_ptr<StreamDecoder> stream_decoder(bool) const override { return nullptr; }
  std::size_t vocabulary_size() const override { return tokens_.size(); }
  std::string token_text(TokenId id) const override { return tokens_[std::size_t(id)]; }
  std::string token_bytes(TokenId id) const override { return tokens_[std::size_t(id)]; }
  TokenId id_of(std::string_view text) const override {
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (tokens_[i] == text) return TokenId(i);
    return -1;
  }
  bool is_special(TokenId id) const override { return std::size_t(id) >= first_special_; }

 private:
  std::vector<std::string> tokens_;
  std::size_t first_special_ = 0;
  bool drops_first_space_;
};

}  // namespace grammar_test
