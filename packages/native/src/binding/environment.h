// What one JavaScript environment (the main thread, each worker) has of the engine: its event sink and the count of its
// live requests, which keeps the event loop alive exactly while there are any.
#pragma once
#include <napi.h>

#include <memory>
#include <mutex>

#include "scheduler/engine.h"

namespace trivium::binding {

class Environment {
 public:
  static Environment& of(Napi::Env env);
  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;

  // `receive` gets an array of events, once an engine step.
  void initialize(Napi::Env env, Napi::Function receive);
  SharedEventSink sink() const { return sink_; }
  void request_started(Napi::Env env);

  Napi::FunctionReference tokenizer_class;
  Napi::FunctionReference model_class;
  Napi::FunctionReference grammar_class;
  Napi::FunctionReference matcher_class;

 private:
  struct Channel;  // outlives the environment in sinks that the engine still holds
  std::shared_ptr<Channel> channel_;
  SharedEventSink sink_;
};

// Events as JavaScript objects; `finished` counts those that end a request.
Napi::Array to_js_events(Napi::Env env, std::vector<EngineEvent>&& events, int& finished);

}  // namespace trivium::binding
