#include "binding/environment.h"

namespace trivium::binding {
namespace {

// Held until the engine has shut down: an environment that begins meanwhile loads its models after that.
std::mutex environments_mutex;
int live_environments = 0;

}  // namespace

// Shared by the environment and the engine's sink. `open` is false once the environment goes: events then vanish.
struct Environment::Channel {
  std::mutex mutex;
  bool open = false;
  Napi::ThreadSafeFunction function;
  Napi::FunctionReference receive;
  int live_requests = 0;  // event loop only

  void deliver(Napi::Env env, std::vector<EngineEvent>&& events) {
    Napi::HandleScope scope(env);
    int finished = 0;
    const Napi::Array array = to_js_events(env, std::move(events), finished);
    live_requests -= finished;
    if (finished > 0 && live_requests == 0) function.Unref(env);
    receive.Call({array});
  }
};

Environment& Environment::of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

Environment::Environment(Napi::Env) : channel_(std::make_shared<Channel>()) {
  {
    const std::lock_guard lock(environments_mutex);
    ++live_environments;
  }
  sink_ = std::make_shared<const EventSink>([channel = channel_](std::vector<EngineEvent>&& events) {
    const std::lock_guard lock(channel->mutex);
    if (!channel->open) return;
    auto* batch = new std::vector<EngineEvent>(std::move(events));
    const napi_status status = channel->function.NonBlockingCall(
        batch, [channel](Napi::Env env, Napi::Function, std::vector<EngineEvent>* data) {
          const std::unique_ptr<std::vector<EngineEvent>> owned(data);
          if (static_cast<napi_env>(env) != nullptr && channel->open) channel->deliver(env, std::move(*owned));
        });
    if (status != napi_ok) delete batch;
  });
}

Environment::~Environment() {
  channel_->receive.Reset();
  // The last environment of the process takes the engine's thread with it.
  const std::lock_guard lock(environments_mutex);
  if (--live_environments == 0) Engine::instance().shutdown();
}

void Environment::initialize(Napi::Env env, Napi::Function receive) {
  const std::lock_guard lock(channel_->mutex);
  channel_->receive = Napi::Persistent(receive);
  if (channel_->open) return;
  const Napi::Function nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  channel_->function = Napi::ThreadSafeFunction::New(env, nothing, "trivium events", 0, 1);
  channel_->function.Unref(env);
  channel_->open = true;
  // Hooks run last first: this one closes the channel before Node frees the function behind it, so the engine thread,
  // which calls it under the same lock, never meets a freed one.
  env.AddCleanupHook([channel = channel_] {
    const std::lock_guard closing(channel->mutex);
    channel->open = false;
    channel->function.Abort();
  });
}

void Environment::request_started(Napi::Env env) {
  if (channel_->live_requests++ == 0) channel_->function.Ref(env);
}

}  // namespace trivium::binding
