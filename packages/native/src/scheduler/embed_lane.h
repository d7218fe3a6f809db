// Batches for encoders, cross-encoders and static embeddings: ragged inputs packed up to a token budget. Requests take turns by input,
// so one query is not held up by an index of ten thousand passages. Inputs are never cut: one longer than the budget
// runs alone in a program compiled for it. Knows no pages.
#pragma once
#include "scheduler/request.h"
#include "scheduler/step_model.h"

namespace trivium {

class EmbedLane final : public Lane {
 public:
  EmbedLane(const StepModel& model, int token_budget, RunningStep& running, Counters& counters)
      : model_(model), token_budget_(token_budget), running_(running), counters_(counters) {}

  void accept(std::shared_ptr<Request> request) override;
  bool step(EventBatch& events) override;
  void abandon(const Error& error, EventBatch& events) override;

 private:
  struct Job {
    std::shared_ptr<Request> request;
    std::size_t placed = 0, done = 0;  // inputs
    std::vector<std::size_t> first;    // row of `values` where an input's begin, by input
    std::vector<float> values;         // (inputs or tokens, width of what is wanted)
    Usage usage;
    Clock::time_point first_step;
    const EmbedRequest& asked() const { return std::get<EmbedRequest>(request->work); }
    const std::vector<std::vector<TokenId>>& inputs() const { return asked().inputs; }
    bool token_rows() const { return asked().wanted == EmbedRequest::Wanted::token_rows; }
  };
  struct Place { Job* job; std::size_t input; };

  bool drop_cancelled(EventBatch& events);
  void compose();
  Status run();
  void collect(EventBatch& events);
  Status ensure_program(int tokens, int rows);
  void release_beyond_budget();
  void place_types(const Place& place);
  // Columns of a row of outputs_: an embedding, or the scores of a cross-encoder.
  std::size_t output_width() const {
    const ModelSpec& spec = model_.spec();
    return std::size_t(spec.head.scores > 0 ? spec.head.scores : spec.width);
  }

  const StepModel& model_;
  const int token_budget_;
  RunningStep& running_;
  Counters& counters_;
  std::unique_ptr<Program> program_;
  int program_tokens_ = 0, program_rows_ = 0;
  std::map<std::uint64_t, Job> jobs_;  // by request id
  std::uint64_t last_served_ = 0;      // request whose turn was last
  std::vector<Place> step_;            // (sequences)
  std::vector<TokenId> tokens_;        // (rows)
  std::vector<std::int32_t> positions_;
  std::vector<std::int32_t> types_;        // (rows), empty while all are 0
  std::vector<SequenceSlice> slices_;
  std::vector<std::int32_t> output_rows_;  // rows of tokens_ that are wanted unpooled
  std::vector<float> outputs_;             // (sequences, output_width)
  std::vector<float> token_outputs_;       // (output_rows, width)
};

}  // namespace trivium
