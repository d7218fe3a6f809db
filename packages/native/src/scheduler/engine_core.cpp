#include "scheduler/engine_core.h"

#include <algorithm>
#include <set>

namespace trivium {
namespace {

void add_totals(EngineStats& stats, const Counters& counters) {
  stats.steps += counters.steps;
  stats.prefilled_tokens += counters.prefilled;
  stats.decoded_tokens += counters.decoded;
  stats.masked_tokens += counters.masked;
  stats.mask_ns += counters.mask_ns;
}

// What binding/ holds: when it goes, so do the model's requests and pages.
class ModelHandle final : public EngineModel {
 public:
  ModelHandle(std::shared_ptr<EngineCore> core, std::shared_ptr<ModelRunner> runner)
      : core_(std::move(core)), runner_(std::move(runner)) {}
  ~ModelHandle() override { dispose(); }
  void dispose() override { core_->remove(*runner_); }

  const ModelSpec& spec() const override { return runner_->model().spec(); }
  std::shared_ptr<const Tokenizer> tokenizer() const override { return runner_->tokenizer(); }
  std::size_t weight_bytes() const override { return runner_->model().weight_bytes(); }
  bool is_mapped() const override { return runner_->model().is_mapped(); }
  int context_tokens() const override { return runner_->context_tokens(); }
  Result<std::shared_ptr<grammar::CompiledGrammar>> compile_grammar(std::string_view description,
                                                                    const std::atomic<bool>& cancelled) override {
    return runner_->compile_grammar(description, cancelled);
  }
  Result<std::uint64_t> generate(GenerateRequest request, SharedEventSink sink) override {
    return runner_->submit(std::move(request), std::move(sink));
  }
  Result<std::uint64_t> embed(EmbedRequest request, SharedEventSink sink) override {
    return runner_->submit(std::move(request), std::move(sink));
  }
  Result<std::uint64_t> logits(LogitsRequest request, SharedEventSink sink) override {
    return runner_->submit(std::move(request), std::move(sink));
  }
  void cancel(std::uint64_t request) override { runner_->cancel(request); }
  void pause(std::uint64_t request) override { runner_->pause(request, true); }
  void resume(std::uint64_t request) override { runner_->pause(request, false); }

 private:
  std::shared_ptr<EngineCore> core_;
  std::shared_ptr<ModelRunner> runner_;
};

}  // namespace

Result<std::shared_ptr<EngineModel>> EngineCore::add(std::shared_ptr<const StepModel> model,
                                                     std::shared_ptr<const Tokenizer> tokenizer,
                                                     const ModelOptions& options) {
  // Weak: a runner that a handle still holds must not keep the engine alive, nor call into one that is gone.
  const auto wake = [core = weak_from_this()] {
    if (const auto alive = core.lock()) alive->wake();
  };
  TRIVIUM_TRY_ASSIGN(auto runner, ModelRunner::make(std::move(model), std::move(tokenizer), options, wake));
  const std::lock_guard lifecycle(lifecycle_);
  const std::lock_guard lock(mutex_);
  runners_.push_back(runner);
  if (!thread_.joinable()) {
    stopping_ = false;
    thread_ = std::thread([this] { loop(); });
  }
  return std::shared_ptr<EngineModel>(std::make_shared<ModelHandle>(shared_from_this(), std::move(runner)));
}

void EngineCore::remove(ModelRunner& runner) {
  runner.dispose();
  bool on_engine_thread = false;
  {
    const std::lock_guard lock(mutex_);
    on_engine_thread = std::this_thread::get_id() == thread_.get_id();
  }
  if (!on_engine_thread) runner.wait_until_retired();
}

void EngineCore::wake() {
  const std::lock_guard lock(mutex_);
  ++signals_;
  changed_.notify_one();
}

void EngineCore::loop() {
  for (;;) {
    std::vector<std::shared_ptr<ModelRunner>> round;
    std::uint64_t seen = 0;
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      round = runners_;
      seen = signals_;
      stopping = stopping_;
    }
    bool worked = false;
    for (const auto& runner : round) {
      if (stopping || runner->is_disposed()) {
        {
          const std::lock_guard lock(mutex_);  // first out of stats(), then retired
          std::erase(runners_, runner);
          add_totals(retired_, runner->counters());
        }
        runner->retire();
        worked = true;
      } else {
        worked |= runner->step();
      }
    }
    if (stopping) return;
    round.clear();  // a sleeping engine must not hold a retired model's weights
    if (worked) continue;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return signals_ != seen || stopping_; });
  }
}

void EngineCore::shutdown() {
  const std::lock_guard lifecycle(lifecycle_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& runner : runners_) runner->stop_running();
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  thread_ = std::thread();
}

EngineStats EngineCore::stats() const {
  const std::lock_guard lock(mutex_);
  EngineStats stats = retired_;
  std::set<const StepModel*> counted;  // weights that several models share count once
  for (const auto& runner : runners_) {
    const Counters& counters = runner->counters();
    const int open = runner->open_requests();
    stats.models++;
    stats.live_sequences += std::min(open, counters.live.load());
    stats.queued_requests += std::max(0, open - counters.live.load());
    stats.kv_bytes += counters.kv_bytes;
    stats.kv_used_bytes += counters.kv_used_bytes;
    add_totals(stats, counters);
    const StepModel& model = runner->model();
    if (!counted.insert(&model).second) continue;
    stats.weight_bytes += model.weight_bytes();
    if (model.is_mapped()) stats.mapped_bytes += model.weight_bytes();
  }
  return stats;
}

}  // namespace trivium
