// The engine thread: models take turns by step, and sleep together when none can do anything. Started by the first
// model, joined by shutdown, started again by the next. Knows runners, not what they run.
#pragma once
#include <thread>

#include "scheduler/model_runner.h"

namespace trivium {

class EngineCore : public std::enable_shared_from_this<EngineCore> {
 public:
  static std::shared_ptr<EngineCore> make() { return std::shared_ptr<EngineCore>(new EngineCore()); }
  ~EngineCore() { shutdown(); }

  Result<std::shared_ptr<EngineModel>> add(std::shared_ptr<const StepModel> model,
                                           std::shared_ptr<const Tokenizer> tokenizer, const ModelOptions& options);
  void remove(ModelRunner& runner);  // disposes of it and waits until it is retired, except on the engine thread
  EngineStats stats() const;
  void shutdown();

 private:
  EngineCore() = default;
  void wake();
  void loop();

  mutable std::mutex mutex_;
  std::mutex lifecycle_;                    // held by shutdown, and by add while it starts the thread
  std::condition_variable changed_;
  std::vector<std::shared_ptr<ModelRunner>> runners_;
  EngineStats retired_;                     // totals of the models that have gone; all else in it is 0
  std::uint64_t signals_ = 0;               // counts wakes, so none that comes during a round is missed
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace trivium
