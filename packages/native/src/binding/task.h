// Work off the event loop as a promise: a function that answers a Result runs on the pool of Node, its value is turned
// into JavaScript on the event loop. Whatever is thrown, bad_alloc too, becomes a typed error.
#pragma once
#include <napi.h>

#include <atomic>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include "base/exception_error.h"

namespace trivium::binding {

// An Error as a JavaScript Error whose property `trivium` carries its data.
Napi::Error to_js_error(Napi::Env env, const Error& error);
Napi::Object to_js_details(Napi::Env env, const Error& error);

// What the call answers. What it throws, bad_alloc too, becomes a typed error; for calls that take what a user gives.
template <class Call>
auto typed(Napi::Env env, Call call) -> decltype(call()) {
  try {
    return call();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, current_exception_error());
  }
}

// What JavaScript sets in the first byte to end work early. The work keeps the array (Task::start).
inline const std::atomic<bool>& flag_in(const Napi::Uint8Array& bytes) {
  static_assert(sizeof(std::atomic<bool>) == 1 && std::atomic<bool>::is_always_lock_free);
  return *reinterpret_cast<const std::atomic<bool>*>(bytes.Data());
}

template <class T>
class Task final : public Napi::AsyncWorker {
 public:
  using Work = std::function<Result<T>()>;
  using Convert = std::function<Napi::Value(Napi::Env, T&&)>;

  // `keep`: objects that must outlive the work (typed arrays that it writes to).
  static Napi::Value start(Napi::Env env, Work work, Convert convert, Napi::Object keep = Napi::Object()) {
    auto* task = new Task(env, std::move(work), std::move(convert));
    if (!keep.IsEmpty()) task->keep_ = Napi::Persistent(keep);
    const Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 private:
  Task(Napi::Env env, Work work, Convert convert)
      : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)), convert_(std::move(convert)) {}

  void Execute() override {
    try {
      result_.emplace(work_());
    } catch (...) {
      result_.emplace(current_exception_error());
    }
    work_ = nullptr;  // what it holds may be heavy: freed here, off the event loop
  }

  void OnOK() override {
    const Napi::Env env = Env();
    Napi::HandleScope scope(env);
    if (!result_->ok()) return deferred_.Reject(to_js_error(env, result_->error()).Value());
    Napi::Value failure;
    try {
      return deferred_.Resolve(convert_(env, std::move(*result_).value()));
    } catch (const Napi::Error& error) {
      failure = error.Value();
    } catch (...) {
      failure = to_js_error(env, current_exception_error()).Value();
    }
    // Outside the handlers: an environment that is going down throws here too, and its wrapper swallows that.
    deferred_.Reject(failure);
  }

  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference keep_;
  Work work_;
  Convert convert_;
  std::optional<Result<T>> result_;
};

}  // namespace trivium::binding
