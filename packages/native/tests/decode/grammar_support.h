// What the grammar tests share: a vocabulary of single bytes and some longer tokens, and texts put through a grammar.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "decode/grammar/description.h"
#include "decode/grammar/matcher.h"

namespace grammar_test {

using namespace trivium;

// Ids 0 to 255 are bytes; then `longer`; then the special tokens <end> and <call>.
class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(std::vector<std::string> longer = {}) {
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
    return text;
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
};

inline Result<std::shared_ptr<grammar::CompiledGrammar>> compiled(const std::string& description,
                                                                  const ByteTokenizer& tokenizer = ByteTokenizer()) {
  TRIVIUM_TRY_ASSIGN(grammar::Grammar made, grammar::grammar_of(description));
  return grammar::CompiledGrammar::make(std::move(made), grammar::TokenIndex::of(tokenizer, tokenizer.vocabulary_size()));
}
inline Result<std::shared_ptr<grammar::CompiledGrammar>> compiled_schema(const std::string& schema) {
  return compiled("{\"type\":\"json-schema\",\"schema\":" + schema + "}");
}

// Byte by byte; every prefix of a text that is accepted must have had a mask with its next byte in it.
inline bool matches(const std::shared_ptr<grammar::CompiledGrammar>& grammar, const std::string& text) {
  grammar::Matcher matcher(grammar);
  for (const char c : text) {
    const TokenId id = static_cast<unsigned char>(c);
    const auto mask = matcher.mask();
    if (!mask.ok()) return false;
    const bool allowed = ((**mask)[std::size_t(id) / 64] >> id % 64 & 1) != 0;
    const bool accepted = matcher.accept(id);
    CHECK_EQ(allowed, accepted);
    if (!accepted) return false;
  }
  return matcher.may_end();
}

struct Expected { const char* text; bool matches; };

inline void check_all(const Result<std::shared_ptr<grammar::CompiledGrammar>>& grammar, const std::vector<Expected>& texts,
                      const std::string& name) {
  if (!grammar.ok()) {
    check::fail(__FILE__, __LINE__, name + ": " + grammar.error().message + " at " + grammar.error().field);
    return;
  }
  for (const Expected& one : texts)
    if (matches(*grammar, one.text) != one.matches)
      check::fail(__FILE__, __LINE__, name + (one.matches ? " must accept " : " must refuse ") + one.text);
}

}  // namespace grammar_test
