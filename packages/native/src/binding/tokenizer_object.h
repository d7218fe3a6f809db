// lib/addon.ts: RawTokenizer.
#pragma once
#include <napi.h>

#include "binding/grammar_object.h"
#include "tokenizer/tokenizer.h"

namespace trivium::binding {

class TokenizerObject final : public Napi::ObjectWrap<TokenizerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object create(Napi::Env env, std::shared_ptr<const Tokenizer> tokenizer);
  explicit TokenizerObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value vocabulary_size(const Napi::CallbackInfo& info);
  Napi::Value encode_batch(const Napi::CallbackInfo& info);
  Napi::Value encode_pairs(const Napi::CallbackInfo& info);
  Napi::Value encode_spans(const Napi::CallbackInfo& info);
  Napi::Value encode_sync(const Napi::CallbackInfo& info);
  Napi::Value decode(const Napi::CallbackInfo& info);
  Napi::Value token_text(const Napi::CallbackInfo& info);
  Napi::Value token_bytes(const Napi::CallbackInfo& info);
  Napi::Value id_of(const Napi::CallbackInfo& info);
  Napi::Value special_tokens(const Napi::CallbackInfo& info);
  Napi::Value compile_grammar(const Napi::CallbackInfo& info);
  TokenId checked_id(const Napi::CallbackInfo& info);

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<VocabularyIndex> vocabulary_ = std::make_shared<VocabularyIndex>();
};

Napi::Int32Array to_int32_array(Napi::Env env, const std::vector<std::int32_t>& values);
std::vector<std::int32_t> to_vector(const Napi::Value& value);

}  // namespace trivium::binding
