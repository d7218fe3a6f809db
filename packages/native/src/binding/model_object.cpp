#include "binding/model_object.h"

#include <algorithm>
#include <thread>

#include "binding/environment.h"
#include "binding/grammar_object.h"
#include "binding/task.h"
#include "binding/tokenizer_object.h"

namespace trivium::binding {
namespace {

std::vector<std::vector<std::int32_t>> to_vectors(const Napi::Value& value) {
  const auto arrays = value.As<Napi::Array>();
  std::vector<std::vector<std::int32_t>> vectors;
  vectors.reserve(arrays.Length());
  for (std::uint32_t i = 0; i < arrays.Length(); ++i) vectors.push_back(to_vector(arrays.Get(i)));
  return vectors;
}

GenerateRequest to_generate_request(const Napi::Object& given) {
  const auto number = [&](const char* name) { return given.Get(name).ToNumber().DoubleValue(); };
  GenerateRequest request;
  request.tokens = to_vector(given.Get("tokens"));
  request.max_tokens = static_cast<int>(number("maxTokens"));
  request.sampling.temperature = static_cast<float>(number("temperature"));
  request.sampling.top_k = static_cast<int>(number("topK"));
  request.sampling.top_p = static_cast<float>(number("topP"));
  request.sampling.min_p = static_cast<float>(number("minP"));
  request.sampling.seed = static_cast<std::uint64_t>(number("seed"));
  request.sampling.logprobs = static_cast<int>(number("logprobs"));
  Penalties& penalties = request.sampling.penalties;
  penalties.repeat = static_cast<float>(number("repeatPenalty"));
  penalties.frequency = static_cast<float>(number("frequencyPenalty"));
  penalties.presence = static_cast<float>(number("presencePenalty"));
  const std::vector<std::int32_t> biased = to_vector(given.Get("biasedTokens"));
  const auto biases = given.Get("biases").As<Napi::Float32Array>();
  for (std::size_t i = 0; i < std::min(biased.size(), biases.ElementLength()); ++i)
    penalties.biases.push_back({biased[i], biases[i]});
  const auto stop = given.Get("stop").As<Napi::Array>();
  for (std::uint32_t i = 0; i < stop.Length(); ++i) request.stop.push_back(stop.Get(i).ToString().Utf8Value());
  request.stop_tokens = to_vector(given.Get("stopTokens"));
  request.skip_special_tokens = given.Get("skipSpecialTokens").ToBoolean();
  request.grammar = GrammarObject::of(given.Get("grammar"));
  return request;
}

}  // namespace

Napi::Function ModelObject::define(Napi::Env env) {
  return DefineClass(env, "Model",
                     {InstanceAccessor<&ModelObject::description>("description"),
                      InstanceAccessor<&ModelObject::tokenizer>("tokenizer"),
                      InstanceAccessor<&ModelObject::context_tokens>("contextTokens"),
                      InstanceAccessor<&ModelObject::weight_bytes>("weightBytes"),
                      InstanceAccessor<&ModelObject::is_mapped>("isMapped"),
                      InstanceAccessor<&ModelObject::backend>("backend"),
                      InstanceMethod<&ModelObject::compile_grammar>("compileGrammar"),
                      InstanceMethod<&ModelObject::generate>("generate"), InstanceMethod<&ModelObject::embed>("embed"),
                      InstanceMethod<&ModelObject::rank>("rank"),
                      InstanceMethod<&ModelObject::logits>("logits"), InstanceMethod<&ModelObject::cancel>("cancel"),
                      InstanceMethod<&ModelObject::pause>("pause"), InstanceMethod<&ModelObject::resume>("resume"),
                      InstanceMethod<&ModelObject::dispose>("dispose")});
}

Napi::Object ModelObject::create(Napi::Env env, OpenedModel model) {
  return Environment::of(env).model_class.New({Napi::External<OpenedModel>::New(env, &model)});
}

ModelObject::ModelObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  model_ = std::move(*info[0].As<Napi::External<OpenedModel>>().Data());
}

ModelObject::~ModelObject() {
  // Never disposed of: the last reference may wait for a running step, so it goes on a thread of its own.
  if (model_.engine) std::thread([engine = std::move(model_.engine)]() mutable { engine.reset(); }).detach();
}

EngineModel& ModelObject::alive(const Napi::CallbackInfo& info) {
  if (model_.engine) return *model_.engine;
  throw to_js_error(info.Env(), {ErrorCode::disposed, "The model has been disposed of.", model_.description.path, "", "", "", ""});
}

Napi::Value ModelObject::description(const Napi::CallbackInfo& info) { return to_js(info.Env(), model_.description); }

Napi::Value ModelObject::tokenizer(const Napi::CallbackInfo& info) {
  return TokenizerObject::create(info.Env(), alive(info).tokenizer());
}

Napi::Value ModelObject::context_tokens(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), alive(info).context_tokens());
}

Napi::Value ModelObject::weight_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(alive(info).weight_bytes()));
}

Napi::Value ModelObject::is_mapped(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), alive(info).is_mapped()); }

Napi::Value ModelObject::backend(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), model_.backend); }

Napi::Value ModelObject::started(const Napi::CallbackInfo& info, const Submit& submit) {
  EngineModel& engine = alive(info);
  Environment& environment = Environment::of(info.Env());
  const Result<std::uint64_t> request = typed(info.Env(), [&] { return submit(engine, environment.sink()); });
  if (!request.ok()) throw to_js_error(info.Env(), request.error());
  environment.request_started(info.Env());
  return Napi::Number::New(info.Env(), static_cast<double>(*request));
}

Napi::Value ModelObject::compile_grammar(const Napi::CallbackInfo& info) {
  alive(info);
  using Grammar = GrammarObject::Grammar;
  auto flag = info[1].As<Napi::Uint8Array>();
  return Task<Grammar>::start(
      info.Env(),
      [engine = model_.engine, description = info[0].ToString().Utf8Value(), cancelled = &flag_in(flag)] {
        return engine->compile_grammar(description, *cancelled);
      },
      [](Napi::Env env, Grammar&& compiled) -> Napi::Value { return GrammarObject::create(env, std::move(compiled)); }, flag);
}

Napi::Value ModelObject::generate(const Napi::CallbackInfo& info) {
  return started(info, [&](EngineModel& engine, SharedEventSink sink) {
    return engine.generate(to_generate_request(info[0].As<Napi::Object>()), std::move(sink));
  });
}

Napi::Value ModelObject::embed(const Napi::CallbackInfo& info) {
  return started(info, [&](EngineModel& engine, SharedEventSink sink) {
    EmbedRequest request;
    request.inputs = to_vectors(info[0]);
    if (info[1].ToBoolean()) request.wanted = EmbedRequest::Wanted::token_rows;
    return engine.embed(std::move(request), std::move(sink));
  });
}

Napi::Value ModelObject::rank(const Napi::CallbackInfo& info) {
  return started(info, [&](EngineModel& engine, SharedEventSink sink) {
    EmbedRequest request;
    request.inputs = to_vectors(info[0]);
    request.types = to_vectors(info[1]);
    request.wanted = EmbedRequest::Wanted::scores;
    return engine.embed(std::move(request), std::move(sink));
  });
}

Napi::Value ModelObject::logits(const Napi::CallbackInfo& info) {
  return started(info, [&](EngineModel& engine, SharedEventSink sink) { return engine.logits({to_vector(info[0])}, std::move(sink)); });
}

void ModelObject::cancel(const Napi::CallbackInfo& info) {
  if (model_.engine) model_.engine->cancel(static_cast<std::uint64_t>(info[0].ToNumber().DoubleValue()));
}

void ModelObject::pause(const Napi::CallbackInfo& info) {
  if (model_.engine) model_.engine->pause(static_cast<std::uint64_t>(info[0].ToNumber().DoubleValue()));
}

void ModelObject::resume(const Napi::CallbackInfo& info) {
  if (model_.engine) model_.engine->resume(static_cast<std::uint64_t>(info[0].ToNumber().DoubleValue()));
}

Napi::Value ModelObject::dispose(const Napi::CallbackInfo& info) {
  return Task<bool>::start(
      info.Env(),
      [engine = std::move(model_.engine)]() -> Result<bool> {
        if (engine) engine->dispose();  // a grammar that is being compiled holds it too
        return true;
      },
      [](Napi::Env env, bool&&) -> Napi::Value { return env.Undefined(); });
}

}  // namespace trivium::binding
