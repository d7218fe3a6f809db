// lib/addon.ts: RawGrammar, RawMatcher.
#pragma once
#include <napi.h>

#include <memory>
#include <mutex>
#include <optional>

#include "decode/grammar/matcher.h"

namespace trivium::binding {

class GrammarObject final : public Napi::ObjectWrap<GrammarObject> {
 public:
  using Grammar = std::shared_ptr<grammar::CompiledGrammar>;
  static Napi::Function define(Napi::Env env);
  static Napi::Object create(Napi::Env env, Grammar grammar);
  static Grammar of(const Napi::Value& value);  // null for what is no grammar
  explicit GrammarObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value shortest_tokens(const Napi::CallbackInfo& info);
  Napi::Value matches(const Napi::CallbackInfo& info);
  Napi::Value matcher(const Napi::CallbackInfo& info);

  Grammar grammar_;
};

class MatcherObject final : public Napi::ObjectWrap<MatcherObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit MatcherObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value allowed(const Napi::CallbackInfo& info);
  Napi::Value may_end(const Napi::CallbackInfo& info);
  Napi::Value mask_ms(const Napi::CallbackInfo& info);
  Napi::Value accept(const Napi::CallbackInfo& info);
  Napi::Value completion(const Napi::CallbackInfo& info);

  std::optional<grammar::Matcher> matcher_;
  double mask_ms_ = 0;
};

// The index of a tokenizer's vocabulary, made when the first grammar is compiled over it, and what its grammars keep.
struct VocabularyIndex {
  std::mutex mutex;
  std::shared_ptr<const grammar::TokenIndex> index;
  std::shared_ptr<grammar::KeptRows> kept = std::make_shared<grammar::KeptRows>();
};
Napi::Value compile_over(Napi::Env env, std::string description, Napi::Uint8Array flag,
                         std::shared_ptr<const Tokenizer> tokenizer, std::shared_ptr<VocabularyIndex> vocabulary);

}  // namespace trivium::binding
