// Engine events as plain JavaScript objects (lib/addon.ts: RawEvent).
#include <cmath>
#include <cstring>

#include "binding/environment.h"
#include "binding/task.h"

namespace trivium::binding {
namespace {

Napi::Float32Array to_floats(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(float));
  return array;
}

void set_token(Napi::Env env, Napi::Object object, const EngineEvent& event) {
  object["kind"] = Napi::String::New(env, "token");
  object["token"] = Napi::Number::New(env, event.token);
  object["text"] = Napi::String::New(env, event.text);
  if (std::isnan(event.logprob)) return;
  object["logprob"] = Napi::Number::New(env, event.logprob);
  Napi::Array top = Napi::Array::New(env, event.top.size() * 2);
  for (std::size_t i = 0; i < event.top.size(); ++i) {
    top.Set(static_cast<std::uint32_t>(2 * i), Napi::Number::New(env, event.top[i].id));
    top.Set(static_cast<std::uint32_t>(2 * i + 1), Napi::Number::New(env, event.top[i].logprob));
  }
  object["top"] = top;
}

void set_finish(Napi::Env env, Napi::Object object, const EngineEvent& event) {
  const char* reason = event.reason == EngineEvent::FinishReason::stop     ? "stop"
                       : event.reason == EngineEvent::FinishReason::length ? "length"
                                                                           : "cancelled";
  object["kind"] = Napi::String::New(env, "finish");
  object["reason"] = Napi::String::New(env, reason);
  object["stopMatch"] = Napi::String::New(env, event.stop_match);
  object["inputTokens"] = Napi::Number::New(env, event.usage.input_tokens);
  object["cachedTokens"] = Napi::Number::New(env, event.usage.cached_tokens);
  object["outputTokens"] = Napi::Number::New(env, event.usage.output_tokens);
  object["queueMs"] = Napi::Number::New(env, event.usage.queue_ms);
  object["prefillMs"] = Napi::Number::New(env, event.usage.prefill_ms);
  object["decodeMs"] = Napi::Number::New(env, event.usage.decode_ms);
  object["maskMs"] = Napi::Number::New(env, event.usage.mask_us / 1000);
}

Napi::Object to_js_event(Napi::Env env, const EngineEvent& event) {
  Napi::Object object = Napi::Object::New(env);
  object["request"] = Napi::Number::New(env, static_cast<double>(event.request));
  switch (event.kind) {
    case EngineEvent::Kind::prefill_progress:
      object["kind"] = Napi::String::New(env, "prefill-progress");
      object["done"] = Napi::Number::New(env, event.done);
      object["total"] = Napi::Number::New(env, event.total);
      break;
    case EngineEvent::Kind::token: set_token(env, object, event); break;
    case EngineEvent::Kind::embedding:
    case EngineEvent::Kind::logits:
      object["kind"] = Napi::String::New(env, "values");
      object["values"] = to_floats(env, event.values);
      break;
    case EngineEvent::Kind::finish: set_finish(env, object, event); break;
    case EngineEvent::Kind::error:
      object["kind"] = Napi::String::New(env, "error");
      object["error"] = to_js_details(env, event.failure);
      break;
  }
  return object;
}

}  // namespace

Napi::Array to_js_events(Napi::Env env, std::vector<EngineEvent>&& events, int& finished) {
  Napi::Array array = Napi::Array::New(env, events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const EngineEvent::Kind kind = events[i].kind;
    if (kind != EngineEvent::Kind::prefill_progress && kind != EngineEvent::Kind::token) ++finished;
    array.Set(static_cast<std::uint32_t>(i), to_js_event(env, events[i]));
  }
  return array;
}

}  // namespace trivium::binding
