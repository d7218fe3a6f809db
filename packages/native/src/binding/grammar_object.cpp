#include "binding/grammar_object.h"

#include <chrono>

#include "binding/environment.h"
#include "binding/task.h"
#include "binding/tokenizer_object.h"
#include "decode/grammar/description.h"

namespace trivium::binding {

Napi::Function GrammarObject::define(Napi::Env env) {
  return DefineClass(env, "Grammar",
                     {InstanceAccessor<&GrammarObject::shortest_tokens>("shortestTokens"),
                      InstanceMethod<&GrammarObject::matches>("matches"), InstanceMethod<&GrammarObject::matcher>("matcher")});
}

Napi::Object GrammarObject::create(Napi::Env env, Grammar grammar) {
  return Environment::of(env).grammar_class.New({Napi::External<Grammar>::New(env, &grammar)});
}

GrammarObject::Grammar GrammarObject::of(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(Environment::of(value.Env()).grammar_class.Value())) return nullptr;
  return Unwrap(value.As<Napi::Object>())->grammar_;
}

GrammarObject::GrammarObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  grammar_ = std::move(*info[0].As<Napi::External<Grammar>>().Data());
}

Napi::Value GrammarObject::shortest_tokens(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), grammar_->shortest_tokens());
}

Napi::Value GrammarObject::matches(const Napi::CallbackInfo& info) {
  const auto matches = typed(info.Env(), [&] { return grammar_->matches(info[0].ToString().Utf8Value()); });
  if (!matches.ok()) throw to_js_error(info.Env(), matches.error());
  return Napi::Boolean::New(info.Env(), *matches);
}

Napi::Value GrammarObject::matcher(const Napi::CallbackInfo& info) {
  return Environment::of(info.Env()).matcher_class.New({Napi::External<Grammar>::New(info.Env(), &grammar_)});
}

Napi::Function MatcherObject::define(Napi::Env env) {
  return DefineClass(env, "Matcher",
                     {InstanceAccessor<&MatcherObject::may_end>("mayEnd"), InstanceAccessor<&MatcherObject::mask_ms>("maskMs"),
                      InstanceMethod<&MatcherObject::allowed>("allowed"),
                      InstanceMethod<&MatcherObject::accept>("accept"),
                      InstanceMethod<&MatcherObject::completion>("completion")});
}

MatcherObject::MatcherObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  matcher_.emplace(*info[0].As<Napi::External<GrammarObject::Grammar>>().Data());
}

Napi::Value MatcherObject::allowed(const Napi::CallbackInfo& info) {
  const auto begin = std::chrono::steady_clock::now();
  const auto mask = typed(info.Env(), [&] { return matcher_->mask(); });
  mask_ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (!mask.ok()) throw to_js_error(info.Env(), mask.error());
  std::vector<std::int32_t> ids;
  for (std::size_t word = 0; word < (*mask)->size(); ++word) {
    for (std::uint64_t bits = (**mask)[word]; bits != 0; bits &= bits - 1)
      ids.push_back(std::int32_t(word * 64 + std::size_t(__builtin_ctzll(bits))));
  }
  return to_int32_array(info.Env(), ids);
}

Napi::Value MatcherObject::may_end(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), matcher_->may_end()); }

Napi::Value MatcherObject::mask_ms(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), mask_ms_); }

Napi::Value MatcherObject::accept(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), matcher_->accept(info[0].ToNumber().Int32Value()));
}

Napi::Value MatcherObject::completion(const Napi::CallbackInfo& info) {
  const auto tokens = matcher_->completion();
  if (!tokens) return info.Env().Undefined();
  return to_int32_array(info.Env(), *tokens);
}

Napi::Value compile_over(Napi::Env env, std::string description, Napi::Uint8Array flag,
                         std::shared_ptr<const Tokenizer> tokenizer, std::shared_ptr<VocabularyIndex> vocabulary) {
  using Grammar = GrammarObject::Grammar;
  return Task<Grammar>::start(
      env,
      [description = std::move(description), cancelled = &flag_in(flag), tokenizer = std::move(tokenizer),
       vocabulary = std::move(vocabulary)]() -> Result<Grammar> {
        TRIVIUM_TRY_ASSIGN(grammar::Grammar made, grammar::grammar_of(description, {.cancelled = cancelled}));
        const std::lock_guard lock(vocabulary->mutex);
        if (!vocabulary->index) vocabulary->index = grammar::TokenIndex::of(*tokenizer, tokenizer->vocabulary_size());
        return grammar::CompiledGrammar::make(std::move(made), vocabulary->index, vocabulary->kept);
      },
      [](Napi::Env inner, Grammar&& compiled) -> Napi::Value { return GrammarObject::create(inner, std::move(compiled)); }, flag);
}

}  // namespace trivium::binding
