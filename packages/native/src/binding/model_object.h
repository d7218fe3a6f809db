// lib/addon.ts: RawModel.
#pragma once
#include <napi.h>

#include <functional>

#include "binding/describe.h"
#include "scheduler/engine.h"

namespace trivium::binding {

struct OpenedModel {
  std::shared_ptr<EngineModel> engine;
  Description description;
  std::string backend;
};

class ModelObject final : public Napi::ObjectWrap<ModelObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object create(Napi::Env env, OpenedModel model);
  explicit ModelObject(const Napi::CallbackInfo& info);
  ~ModelObject() override;

 private:
  Napi::Value description(const Napi::CallbackInfo& info);
  Napi::Value tokenizer(const Napi::CallbackInfo& info);
  Napi::Value context_tokens(const Napi::CallbackInfo& info);
  Napi::Value weight_bytes(const Napi::CallbackInfo& info);
  Napi::Value is_mapped(const Napi::CallbackInfo& info);
  Napi::Value backend(const Napi::CallbackInfo& info);
  Napi::Value compile_grammar(const Napi::CallbackInfo& info);
  Napi::Value generate(const Napi::CallbackInfo& info);
  Napi::Value embed(const Napi::CallbackInfo& info);
  Napi::Value rank(const Napi::CallbackInfo& info);
  Napi::Value logits(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  void pause(const Napi::CallbackInfo& info);
  void resume(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  EngineModel& alive(const Napi::CallbackInfo& info);
  using Submit = std::function<Result<std::uint64_t>(EngineModel& engine, SharedEventSink sink)>;
  Napi::Value started(const Napi::CallbackInfo& info, const Submit& submit);

  OpenedModel model_;
};

}  // namespace trivium::binding
