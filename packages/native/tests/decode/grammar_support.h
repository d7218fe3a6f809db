// What the grammar tests share: a vocabulary of single bytes and some longer tokens, and texts put through a grammar.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "../byte_tokenizer.h"
#include "check.h"
#include "decode/grammar/description.h"
#include "decode/grammar/matcher.h"

namespace grammar_test {

using namespace trivium;

inline Result<std::shared_ptr<grammar::CompiledGrammar>> compiled(const std::string& description,
                                                                  const Tokenizer& tokenizer = ByteTokenizer()) {
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
