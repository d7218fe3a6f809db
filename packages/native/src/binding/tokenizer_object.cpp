#include "binding/tokenizer_object.h"

#include <cstring>

#include "base/utf8.h"
#include "binding/environment.h"
#include "binding/task.h"

namespace trivium::binding {
namespace {

EncodeOptions options_of(const Napi::CallbackInfo& info) {
  EncodeOptions options;
  options.add_special_tokens = info[1].ToBoolean();
  options.parse_special_tokens = info[2].ToBoolean();
  return options;
}

// What was made, unless it was given up meanwhile.
template <class T>
Result<T> unless_cancelled(const std::atomic<bool>& cancelled, T made) {
  if (cancelled) return Error{ErrorCode::cancelled, "Tokenizing was cancelled.", "", "", "", "", ""};
  return made;
}

std::vector<std::string> to_strings(const Napi::Value& value) {
  return typed(value.Env(), [&] {
    const auto array = value.As<Napi::Array>();
    std::vector<std::string> texts;
    texts.reserve(array.Length());
    for (std::uint32_t i = 0; i < array.Length(); ++i) texts.push_back(array.Get(i).ToString().Utf8Value());
    return texts;
  });
}

// (id, start, end) triples with byte offsets turned into UTF-16 ones; spans come in text order.
std::vector<std::int32_t> to_utf16_triples(const std::string& text, const std::vector<TokenSpan>& spans) {
  std::vector<std::int32_t> at(text.size() + 1);
  std::int32_t units = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Step step = decode_utf8(text, offset);
    for (std::size_t i = 0; i < step.bytes; ++i) at[offset + i] = units;
    units += step.code_point > 0xFFFF ? 2 : 1;
    offset += step.bytes;
  }
  at[text.size()] = units;
  std::vector<std::int32_t> triples;
  triples.reserve(spans.size() * 3);
  for (const TokenSpan& span : spans) {
    triples.push_back(span.id);
    triples.push_back(at[std::min<std::size_t>(span.begin, text.size())]);
    triples.push_back(at[std::min<std::size_t>(span.end, text.size())]);
  }
  return triples;
}

}  // namespace

Napi::Int32Array to_int32_array(Napi::Env env, const std::vector<std::int32_t>& values) {
  Napi::Int32Array array = Napi::Int32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(std::int32_t));
  return array;
}

std::vector<std::int32_t> to_vector(const Napi::Value& value) {
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

Napi::Function TokenizerObject::define(Napi::Env env) {
  return DefineClass(env, "Tokenizer",
                     {InstanceAccessor<&TokenizerObject::vocabulary_size>("vocabularySize"),
                      InstanceMethod<&TokenizerObject::encode_batch>("encodeBatch"),
                      InstanceMethod<&TokenizerObject::encode_pairs>("encodePairs"),
                      InstanceMethod<&TokenizerObject::encode_spans>("encodeSpans"),
                      InstanceMethod<&TokenizerObject::encode_sync>("encodeSync"),
                      InstanceMethod<&TokenizerObject::decode>("decode"),
                      InstanceMethod<&TokenizerObject::token_text>("tokenText"),
                      InstanceMethod<&TokenizerObject::token_bytes>("tokenBytes"),
                      InstanceMethod<&TokenizerObject::id_of>("idOf"),
                      InstanceMethod<&TokenizerObject::special_tokens>("specialTokens"),
                      InstanceMethod<&TokenizerObject::compile_grammar>("compileGrammar")});
}

Napi::Object TokenizerObject::create(Napi::Env env, std::shared_ptr<const Tokenizer> tokenizer) {
  auto external = Napi::External<std::shared_ptr<const Tokenizer>>::New(env, &tokenizer);
  return Environment::of(env).tokenizer_class.New({external});
}

TokenizerObject::TokenizerObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  tokenizer_ = *info[0].As<Napi::External<std::shared_ptr<const Tokenizer>>>().Data();
}

Napi::Value TokenizerObject::vocabulary_size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(tokenizer_->vocabulary_size()));
}

Napi::Value TokenizerObject::encode_batch(const Napi::CallbackInfo& info) {
  std::vector<std::string> texts = to_strings(info[0]);
  auto flag = info[3].As<Napi::Uint8Array>();
  using Encoded = std::vector<std::vector<TokenId>>;
  return Task<Encoded>::start(
      info.Env(),
      [tokenizer = tokenizer_, texts = std::move(texts), options = options_of(info), cancelled = &flag_in(flag)]() mutable -> Result<Encoded> {
        options.cancelled = cancelled;
        Encoded encoded;
        encoded.reserve(texts.size());
        for (std::size_t i = 0; i < texts.size() && !*cancelled; ++i) encoded.push_back(tokenizer->encode(texts[i], options));
        return unless_cancelled(*cancelled, std::move(encoded));
      },
      [](Napi::Env env, Encoded&& encoded) -> Napi::Value {
        Napi::Array result = Napi::Array::New(env, encoded.size());
        for (std::size_t i = 0; i < encoded.size(); ++i) result.Set(static_cast<std::uint32_t>(i), to_int32_array(env, encoded[i]));
        return result;
      },
      flag);
}

Napi::Value TokenizerObject::encode_pairs(const Napi::CallbackInfo& info) {
  using Encoded = std::vector<PairEncoding>;
  auto flag = info[2].As<Napi::Uint8Array>();
  return Task<Encoded>::start(
      info.Env(),
      [tokenizer = tokenizer_, first = info[0].ToString().Utf8Value(), texts = to_strings(info[1]), cancelled = &flag_in(flag)]() -> Result<Encoded> {
        Encoded encoded;
        encoded.reserve(texts.size());
        for (std::size_t i = 0; i < texts.size() && !*cancelled; ++i)
          encoded.push_back(tokenizer->encode_pair(first, texts[i], {.cancelled = cancelled}));
        return unless_cancelled(*cancelled, std::move(encoded));
      },
      [](Napi::Env env, Encoded&& encoded) -> Napi::Value {
        Napi::Array result = Napi::Array::New(env, encoded.size());
        for (std::size_t i = 0; i < encoded.size(); ++i) {
          const PairEncoding& made = encoded[i];
          Napi::Object pair = Napi::Object::New(env);
          pair["tokens"] = to_int32_array(env, made.ids);
          pair["types"] = to_int32_array(env, {made.types.begin(), made.types.end()});
          pair["secondBegin"] = Napi::Number::New(env, static_cast<double>(made.second_begin));
          pair["secondEnd"] = Napi::Number::New(env, static_cast<double>(made.second_end));
          result.Set(static_cast<std::uint32_t>(i), pair);
        }
        return result;
      },
      flag);
}

Napi::Value TokenizerObject::encode_spans(const Napi::CallbackInfo& info) {
  using Triples = std::vector<std::int32_t>;
  auto flag = info[3].As<Napi::Uint8Array>();
  return Task<Triples>::start(
      info.Env(),
      [tokenizer = tokenizer_, text = info[0].ToString().Utf8Value(), options = options_of(info), cancelled = &flag_in(flag)]() mutable -> Result<Triples> {
        options.cancelled = cancelled;
        const auto spans = tokenizer->encode_spans(text, options);
        return unless_cancelled(*cancelled, *cancelled ? Triples() : to_utf16_triples(text, spans));
      },
      [](Napi::Env env, Triples&& triples) -> Napi::Value { return to_int32_array(env, triples); }, flag);
}

Napi::Value TokenizerObject::encode_sync(const Napi::CallbackInfo& info) {
  return typed(info.Env(), [&]() -> Napi::Value {
    return to_int32_array(info.Env(), tokenizer_->encode(info[0].ToString().Utf8Value(), options_of(info)));
  });
}

Napi::Value TokenizerObject::decode(const Napi::CallbackInfo& info) {
  return typed(info.Env(), [&]() -> Napi::Value {
    const std::vector<std::int32_t> ids = to_vector(info[0]);
    for (std::int32_t id : ids)
      if (id < 0 || std::size_t(id) >= tokenizer_->vocabulary_size())
        throw to_js_error(info.Env(), {ErrorCode::invalid_argument, "There is no token " + std::to_string(id) + ".", "", "tokens", "", "", ""});
    return Napi::String::New(info.Env(), tokenizer_->decode(ids, info[1].ToBoolean()));
  });
}

TokenId TokenizerObject::checked_id(const Napi::CallbackInfo& info) {
  const std::int64_t id = info[0].ToNumber().Int64Value();
  if (id < 0 || std::size_t(id) >= tokenizer_->vocabulary_size())
    throw to_js_error(info.Env(), {ErrorCode::invalid_argument, "There is no token " + std::to_string(id) + ".", "", "id", "", "", ""});
  return static_cast<TokenId>(id);
}

Napi::Value TokenizerObject::token_text(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), repair_utf8(tokenizer_->token_text(checked_id(info))));
}

Napi::Value TokenizerObject::token_bytes(const Napi::CallbackInfo& info) {
  const std::string bytes = tokenizer_->token_bytes(info[0].ToNumber().Int32Value());
  Napi::Uint8Array array = Napi::Uint8Array::New(info.Env(), bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Value TokenizerObject::id_of(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), tokenizer_->id_of(info[0].ToString().Utf8Value()));
}

Napi::Value TokenizerObject::compile_grammar(const Napi::CallbackInfo& info) {
  return compile_over(info.Env(), info[0].ToString().Utf8Value(), info[1].As<Napi::Uint8Array>(), tokenizer_, vocabulary_);
}

Napi::Value TokenizerObject::special_tokens(const Napi::CallbackInfo& info) {
  Napi::Array result = Napi::Array::New(info.Env());
  std::uint32_t count = 0;
  for (std::size_t id = 0; id < tokenizer_->vocabulary_size(); ++id)
    if (tokenizer_->is_special(static_cast<TokenId>(id)))
      result.Set(count++, Napi::String::New(info.Env(), repair_utf8(tokenizer_->token_text(static_cast<TokenId>(id)))));
  return result;
}

}  // namespace trivium::binding
