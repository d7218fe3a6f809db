// The module: functions of lib/addon.ts and nothing else.
#include <napi.h>

#include <atomic>
#include <cmath>
#include <map>
#include <mutex>

#include "base/thread_pool.h"
#include "binding/describe.h"
#include "binding/environment.h"
#include "binding/grammar_object.h"
#include "binding/model_object.h"
#include "binding/task.h"
#include "binding/tokenizer_object.h"
#include "models/rehearsal.h"

namespace trivium::binding {
namespace {

constexpr int most_threads = 256;  // of the pool

ModelOptions options_of(const Napi::Object& given) {
  const auto number = [&](const char* name, double fallback) {
    const Napi::Value value = given.Get(name);
    return value.IsNumber() ? value.ToNumber().DoubleValue() : fallback;
  };
  ModelOptions options;
  options.context_tokens = static_cast<int>(number("contextTokens", 0));
  options.kv_memory_bytes = static_cast<std::size_t>(number("kvMemoryBytes", 0));
  options.max_sequences = static_cast<int>(number("maxSequences", options.max_sequences));
  options.max_queue = static_cast<int>(number("maxQueue", options.max_queue));
  options.prefill_chunk = static_cast<int>(number("prefillChunk", options.prefill_chunk));
  options.activation_bits = static_cast<int>(number("activationBits", options.activation_bits));
  if (const Napi::Value backend = given.Get("backend"); !backend.IsUndefined()) options.backend = backend.ToString().Utf8Value();
  if (const Napi::Value kv = given.Get("kvType"); !kv.IsUndefined()) options.kv_type = kv.ToString().Utf8Value();
  if (const Napi::Value folder = given.Get("packCache"); folder.IsString()) options.pack_cache.folder = folder.ToString().Utf8Value();
  if (const Napi::Value quantize = given.Get("quantize"); !quantize.IsUndefined()) options.quantize = quantize.ToString().Utf8Value();
  return options;
}

// Written by the loader, read by JavaScript, and the other way round: lib/engine.ts.
struct Control {
  std::int32_t* words;
  bool cancelled() const { return std::atomic_ref(words[0]).load() != 0; }
  void progress(double share) const { std::atomic_ref(words[1]).store(static_cast<std::int32_t>(share * 1000)); }
};

Result<OpenedModel> open_model(const std::string& path, const ModelOptions& options, Control control) {
  TRIVIUM_TRY_ASSIGN(const std::shared_ptr<const ModelFile> file, ModelFile::open(path));
  OpenedModel opened;
  TRIVIUM_TRY_ASSIGN(opened.engine, Engine::instance().load(file, options, [control](double share) -> Status {
    control.progress(share);
    if (!control.cancelled()) return {};
    Error error;
    error.code = ErrorCode::cancelled;
    error.message = "Loading was cancelled.";
    return error;
  }));
  TRIVIUM_TRY_ASSIGN(opened.description, describe(*file, opened.engine->spec()));
  TRIVIUM_TRY_ASSIGN(const auto backend, make_backend(options.backend));
  opened.backend = backend->name();
  return opened;
}

Napi::Value load_model(const Napi::CallbackInfo& info) {
  auto words = info[2].As<Napi::Int32Array>();
  const Control control{words.Data()};
  return Task<OpenedModel>::start(
      info.Env(),
      [path = info[0].ToString().Utf8Value(), options = options_of(info[1].As<Napi::Object>()), control] {
        return open_model(path, options, control);
      },
      [](Napi::Env env, OpenedModel&& opened) -> Napi::Value { return ModelObject::create(env, std::move(opened)); }, words);
}

Napi::Value load_tokenizer(const Napi::CallbackInfo& info) {
  using Loaded = std::shared_ptr<const Tokenizer>;
  return Task<Loaded>::start(
      info.Env(),
      [path = info[0].ToString().Utf8Value()]() -> Result<Loaded> {
        TRIVIUM_TRY_ASSIGN(const auto file, ModelFile::open(path));
        return Tokenizer::of(*file);
      },
      [](Napi::Env env, Loaded&& tokenizer) -> Napi::Value { return TokenizerObject::create(env, std::move(tokenizer)); });
}

Napi::Value inspect_file(const Napi::CallbackInfo& info) {
  return Task<Inspection>::start(
      info.Env(),
      [path = info[0].ToString().Utf8Value()]() -> Result<Inspection> {
        TRIVIUM_TRY_ASSIGN(const auto file, ModelFile::open(path));
        TRIVIUM_TRY_ASSIGN(Inspection inspection, inspect(*file));
        if (Status tokenizer = Tokenizer::is_there(*file); !inspection.refusal && !tokenizer.ok())
          inspection.refusal = std::move(tokenizer.error());
        return inspection;
      },
      [](Napi::Env env, Inspection&& inspection) -> Napi::Value { return to_js(env, inspection); });
}

Napi::Value rehearse_file(const Napi::CallbackInfo& info) {
  auto flag = info[1].As<Napi::Uint8Array>();
  return Task<Rehearsal>::start(
      info.Env(),
      [path = info[0].ToString().Utf8Value(), cancelled = &flag_in(flag)]() -> Result<Rehearsal> {
        TRIVIUM_TRY_ASSIGN(const auto file, ModelFile::open(path));
        TRIVIUM_TRY_ASSIGN(const auto backend, make_backend("cpu"));
        return rehearse(*file, *backend, cancelled);
      },
      [](Napi::Env env, Rehearsal&& rehearsal) -> Napi::Value {
        Napi::Object object = Napi::Object::New(env);
        const std::pair<const char*, double> figures[] = {{"prefillMs", rehearsal.prefill_seconds * 1000},
                                                          {"decodeMs", rehearsal.decode_seconds * 1000},
                                                          {"pairMs", rehearsal.pair_seconds * 1000},
                                                          {"weightBytes", rehearsal.weight_bytes},
                                                          {"multiplyAdds", rehearsal.multiply_adds},
                                                          {"spread", rehearsal.spread}};
        for (const auto& [name, value] : figures) object[name] = Napi::Number::New(env, value);
        return object;
      },
      flag);
}

Napi::Value stats(const Napi::CallbackInfo& info) {
  const EngineStats stats = Engine::instance().stats();
  Napi::Object object = Napi::Object::New(info.Env());
  const std::pair<const char*, double> figures[] = {{"liveSequences", stats.live_sequences},
                                                    {"queuedRequests", stats.queued_requests},
                                                    {"models", stats.models},
                                                    {"weightBytes", double(stats.weight_bytes)},
                                                    {"mappedBytes", double(stats.mapped_bytes)},
                                                    {"kvBytes", double(stats.kv_bytes)},
                                                    {"kvUsedBytes", double(stats.kv_used_bytes)},
                                                    {"steps", double(stats.steps)},
                                                    {"prefilledTokens", double(stats.prefilled_tokens)},
                                                    {"decodedTokens", double(stats.decoded_tokens)},
                                                    {"maskedTokens", double(stats.masked_tokens)},
                                                    {"maskMs", double(stats.mask_ns) / 1e6}};
  for (const auto& [name, value] : figures) object[name] = Napi::Number::New(info.Env(), value);
  return object;
}

Napi::Value backend(const Napi::CallbackInfo& info) {
  Result<std::shared_ptr<Backend>> made = make_backend("cpu");
  if (!made.ok()) throw to_js_error(info.Env(), made.error());
  Napi::Object object = Napi::Object::New(info.Env());
  object["name"] = Napi::String::New(info.Env(), std::string((*made)->name()));
  object["threads"] = Napi::Number::New(info.Env(), ThreadPool::instance().threads());
  return object;
}

// Waits for the job that is running, so off the event loop.
Napi::Value set_threads(const Napi::CallbackInfo& info) {
  const double threads = info[0].ToNumber().DoubleValue();
  if (!(threads >= 1 && threads <= most_threads) || threads != std::floor(threads)) {
    Error error{ErrorCode::invalid_argument, "threads is no number of threads.", "", "threads", "", "", ""};
    error.expected = "a whole number from 1 to " + std::to_string(most_threads);
    error.found = info[0].ToString().Utf8Value();
    error.remedy = "Give the number of physical cores that the engine may use.";
    throw to_js_error(info.Env(), error);
  }
  return Task<bool>::start(
      info.Env(),
      [threads]() -> Result<bool> {
        ThreadPool::instance().set_threads(static_cast<int>(threads));
        return true;
      },
      [](Napi::Env env, bool&&) -> Napi::Value { return env.Undefined(); });
}

Napi::Value initialize(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).initialize(info.Env(), info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment(env);
  env.SetInstanceData(environment);
  environment->tokenizer_class = Napi::Persistent(TokenizerObject::define(env));
  environment->model_class = Napi::Persistent(ModelObject::define(env));
  environment->grammar_class = Napi::Persistent(GrammarObject::define(env));
  environment->matcher_class = Napi::Persistent(MatcherObject::define(env));
  exports["initialize"] = Napi::Function::New(env, initialize);
  exports["backend"] = Napi::Function::New(env, backend);
  exports["setThreads"] = Napi::Function::New(env, set_threads);
  exports["stats"] = Napi::Function::New(env, stats);
  exports["inspect"] = Napi::Function::New(env, inspect_file);
  exports["rehearse"] = Napi::Function::New(env, rehearse_file);
  exports["loadTokenizer"] = Napi::Function::New(env, load_tokenizer);
  exports["loadModel"] = Napi::Function::New(env, load_model);
  return exports;
}

}  // namespace
}  // namespace trivium::binding

Napi::Object trivium_start(Napi::Env env, Napi::Object exports) { return trivium::binding::start(env, exports); }
NODE_API_MODULE(trivium_native, trivium_start)
