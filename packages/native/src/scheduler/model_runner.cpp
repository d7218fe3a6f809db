#include "scheduler/model_runner.h"

#include <algorithm>
#include <new>

#include "base/exception_error.h"
#include "decode/grammar/description.h"

namespace trivium {
namespace {

std::uint64_t next_request_id() {
  static std::atomic<std::uint64_t> next{1};
  return next++;
}

}  // namespace

Result<std::shared_ptr<ModelRunner>> ModelRunner::make(std::shared_ptr<const StepModel> model,
                                                       std::shared_ptr<const Tokenizer> tokenizer,
                                                       const ModelOptions& options, std::function<void()> wake) {
  std::shared_ptr<ModelRunner> runner(
      new ModelRunner(std::move(model), std::move(tokenizer), options, std::move(wake)));
  TRIVIUM_TRY(runner->set_limits(options));
  if (runner->model_->spec().kind == ModelKind::causal) {
    auto lane = std::make_unique<CausalLane>(*runner->model_, runner->tokenizer_.get(), runner->limits_,
                                             runner->running_, runner->counters_);
    TRIVIUM_TRY(lane->prepare());
    runner->lane_ = std::move(lane);
  } else {
    const int budget = std::max(runner->limits_.prefill_chunk, std::min(runner->limits_.context_tokens, 1024));
    runner->lane_ = std::make_unique<EmbedLane>(*runner->model_, budget, runner->running_, runner->counters_);
  }
  return runner;
}

Result<std::shared_ptr<grammar::CompiledGrammar>> ModelRunner::compile_grammar(std::string_view description,
                                                                                const std::atomic<bool>& cancelled) {
  if (!tokenizer_)
    return make_error(ErrorCode::unsupported, "the model has no tokenizer, so no text to hold to a grammar", "grammar",
                      "put the model's tokenizer.json beside it");
  TRIVIUM_TRY_ASSIGN(grammar::Grammar grammar, grammar::grammar_of(description, {.cancelled = &cancelled}));
  const std::lock_guard making(making_index_);
  auto known = index();
  if (!known) {
    known = grammar::TokenIndex::of(*tokenizer_, std::size_t(model_->spec().vocabulary));
    const std::lock_guard lock(index_mutex_);
    index_ = known;
  }
  return grammar::CompiledGrammar::make(std::move(grammar), std::move(known), kept_rows_);
}

std::shared_ptr<const grammar::TokenIndex> ModelRunner::index() const {
  const std::lock_guard lock(index_mutex_);
  return index_;
}

int ModelRunner::open_requests() const {
  const std::lock_guard lock(mutex_);
  return int(requests_.size());
}

Result<std::uint64_t> ModelRunner::submit(std::variant<GenerateRequest, EmbedRequest, LogitsRequest> work,
                                          SharedEventSink sink) {
  TRIVIUM_TRY(std::visit([this](const auto& request) { return check(request); }, work));
  auto request = std::make_shared<Request>();
  request->sink = std::move(sink);
  request->work = std::move(work);
  request->submitted = Clock::now();
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (disposed_) return disposed_error();
    const std::size_t most = std::size_t(limits_.max_sequences) + std::size_t(max_queue_);
    if (requests_.size() >= most) {
      Error error = make_error(ErrorCode::busy, "the model's queue is full", "maxQueue",
                               "try again when a request has finished, or raise maxQueue");
      error.expected = "fewer than " + std::to_string(most) + " open requests";
      error.found = std::to_string(requests_.size());
      return error;
    }
    id = request->id = next_request_id();  // under the lock: ids grow in the order of the inbox
    requests_[id] = request;
    inbox_.push_back(std::move(request));
  }
  wake_();
  return id;
}

void ModelRunner::cancel(std::uint64_t request) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = requests_.find(request);
    if (found == requests_.end()) return;
    found->second->cancelled = true;
  }
  running_.look();
  wake_();
}

void ModelRunner::pause(std::uint64_t request, bool paused) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = requests_.find(request);
    if (found == requests_.end()) return;
    found->second->paused = paused;
  }
  wake_();
}

void ModelRunner::dispose() {
  {
    const std::lock_guard lock(mutex_);
    disposed_ = true;
  }
  running_.stop();
  wake_();
}

bool ModelRunner::is_disposed() const {
  const std::lock_guard lock(mutex_);
  return disposed_;
}

void ModelRunner::wait_until_retired() {
  std::unique_lock lock(mutex_);
  retired_changed_.wait(lock, [this] { return retired_; });
}

bool ModelRunner::step() {
  std::vector<std::shared_ptr<Request>> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(inbox_);
  }
  bool worked = false;
  try {
    EventBatch events;
    for (auto& request : arrived) lane_->accept(std::move(request));
    worked = lane_->step(events);
    deliver(events);
  } catch (const std::bad_alloc&) {
    fail_all(make_error(ErrorCode::out_of_memory, "the system has no memory left for a step", "",
                        "run fewer requests at once, or lower kvMemoryBytes or prefillChunk"));
    worked = true;
  } catch (...) {  // a fault of ours: it must not take the process and its other models along
    fail_all(current_exception_error());
    worked = true;
  }
  return worked;
}

void ModelRunner::fail_all(const Error& error) {
  EventBatch dropped, events;
  lane_->abandon(error, dropped);  // not every request may have reached the lane: the register knows them all
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, request] : requests_) events.fail(*request, error);
    inbox_.clear();
  }
  deliver(events);
}

void ModelRunner::deliver(EventBatch& events) {
  {
    const std::lock_guard lock(mutex_);
    for (const std::uint64_t id : events.ended()) requests_.erase(id);
  }
  events.deliver();
}

void ModelRunner::retire() {
  dispose();
  fail_all(disposed_error());
  lane_.reset();
  kept_rows_->leave_all();
  counters_.live = 0;
  counters_.kv_bytes = counters_.kv_used_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    retired_ = true;
    retired_changed_.notify_all();  // under the lock: the waiter may destroy this as soon as it can have it
  }
}

}  // namespace trivium
