// A model in the engine: the door that any thread may knock at (checks, the bounded queue, cancel, pause) and, behind
// it, the lane that the engine thread steps. Knows which requests are open, not how they are computed.
// Invariant: a request is in requests_ from the moment it has an id until just before its last event is delivered.
#pragma once
#include <condition_variable>

#include "scheduler/causal_lane.h"
#include "scheduler/embed_lane.h"

namespace trivium {

class ModelRunner {
 public:
  // `wake`: tells the engine thread that there is work; callable from any thread, for as long as the runner lives.
  static Result<std::shared_ptr<ModelRunner>> make(std::shared_ptr<const StepModel> model,
                                                   std::shared_ptr<const Tokenizer> tokenizer,
                                                   const ModelOptions& options, std::function<void()> wake);

  // Any thread.
  const StepModel& model() const { return *model_; }
  std::shared_ptr<const Tokenizer> tokenizer() const { return tokenizer_; }
  int context_tokens() const { return limits_.context_tokens; }
  Result<std::shared_ptr<grammar::CompiledGrammar>> compile_grammar(std::string_view description, const std::atomic<bool>& cancelled);
  const Counters& counters() const { return counters_; }
  int open_requests() const;
  Result<std::uint64_t> submit(std::variant<GenerateRequest, EmbedRequest, LogitsRequest> work, SharedEventSink sink);
  void cancel(std::uint64_t request);
  void pause(std::uint64_t request, bool paused);
  void dispose();             // no further requests, the running step ends early; retire() follows on the engine thread
  bool is_disposed() const;
  void stop_running() { running_.stop(); }  // the step going on ends early
  void wait_until_retired();

  // Engine thread.
  bool step();                // false: nothing could be done until something changes
  void retire();              // ends every request with `disposed`, gives pages and programs back

 private:
  ModelRunner(std::shared_ptr<const StepModel> model, std::shared_ptr<const Tokenizer> tokenizer,
              const ModelOptions& options, std::function<void()> wake)
      : model_(std::move(model)), tokenizer_(std::move(tokenizer)), max_queue_(options.max_queue),
        wake_(std::move(wake)) {}
  Status set_limits(const ModelOptions& options);
  Status check_tokens(const std::vector<TokenId>& tokens) const;
  Status check(const GenerateRequest& request) const;
  Status check_grammar(const GenerateRequest& request) const;
  std::shared_ptr<const grammar::TokenIndex> index() const;
  Status check(const EmbedRequest& request) const;
  Status check_types(const EmbedRequest& request) const;
  Status check(const LogitsRequest& request) const;
  void deliver(EventBatch& events);
  void fail_all(const Error& error);

  const std::shared_ptr<const StepModel> model_;
  const std::shared_ptr<const Tokenizer> tokenizer_;
  const int max_queue_;
  const std::function<void()> wake_;
  LaneLimits limits_;
  Counters counters_;
  RunningStep running_;
  std::unique_ptr<Lane> lane_;                                  // engine thread only
  std::mutex making_index_;                                     // held while the index is made
  mutable std::mutex index_mutex_;
  std::shared_ptr<const grammar::TokenIndex> index_;            // of the vocabulary, once a grammar was asked for
  const std::shared_ptr<grammar::KeptRows> kept_rows_ = std::make_shared<grammar::KeptRows>();
  mutable std::mutex mutex_;
  std::condition_variable retired_changed_;
  std::map<std::uint64_t, std::shared_ptr<Request>> requests_;  // open ones
  std::vector<std::shared_ptr<Request>> inbox_;                 // of these, not yet seen by the engine thread
  bool disposed_ = false, retired_ = false;
};

Error make_error(ErrorCode code, std::string message, std::string field, std::string remedy);
Error disposed_error();

}  // namespace trivium
