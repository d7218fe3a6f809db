// Continuous batching for causal models. A step is one row for every running sequence that decodes, and one bounded
// chunk of prefill dealt out to the sequences that have waited longest for it. When more run than a step has slots, as
// paused ones that were resumed may, those that waited longest decode, and the prefill that waits keeps a slot in turn.
// Who waits for a mask computes its last row again, to the same bits, and is among the first of the next step.
// Knows pages only through Memory.
// Invariants: between steps every live sequence has memory and pending() >= 1; the oldest request is never preempted,
// and the pool holds at least one whole context, so some request always comes to its end.
#pragma once
#include "memory/dense_memory.h"
#include "scheduler/sequence.h"
#include "scheduler/step_model.h"

namespace trivium {

struct LaneLimits {
  int context_tokens = 0;
  int max_sequences = 16;
  int prefill_chunk = 256;
  std::size_t kv_memory_bytes = 0;
  // Masks of grammars that one step makes before the others wait for the next; one is always made. It alone may take a tenth of
  // a second (RowStore::begin_work), and all models wait for a step.
  std::uint64_t mask_ns = 50'000'000;
};

class CausalLane final : public Lane {
 public:
  CausalLane(const StepModel& model, const Tokenizer* tokenizer, const LaneLimits& limits, RunningStep& running,
             Counters& counters)
      : model_(model), tokenizer_(tokenizer), limits_(limits), running_(running), counters_(counters),
        pool_(model.page_geometry(), limits.kv_memory_bytes), tree_(pool_) {}
  Status prepare();  // compiles the program

  void accept(std::shared_ptr<Request> request) override;
  bool step(EventBatch& events) override;
  void abandon(const Error& error, EventBatch& events) override;

 private:
  using Sequences = std::map<std::uint64_t, std::unique_ptr<Sequence>>;  // by request id: oldest first

  void drop_cancelled(EventBatch& events);
  void admit();
  bool can_admit(const Sequence& sequence) const;
  std::vector<Sequence*> candidates(bool prefill);     // that are not in step_; that waited longest first
  bool must_hold_slot_for_prefill();
  void compose(EventBatch& events);                    // fills step_
  void place(bool prefill, int slots, int& rows_left, EventBatch& events);  // until step_ has so many sequences
  bool make_room(Sequence& sequence, int rows, EventBatch& events);
  void preempt(Sequence& victim);
  Sequence* choose_victim(const Sequence& needy);
  Status run();
  void collect(EventBatch& events);
  void fail_step(const Error& error, EventBatch& events);
  void end(Sequence& sequence);
  void publish_counts();

  const StepModel& model_;
  const Tokenizer* tokenizer_;
  const LaneLimits limits_;
  RunningStep& running_;
  Counters& counters_;
  PagePool pool_;
  PrefixTree tree_;
  std::unique_ptr<Program> program_;
  Sequences waiting_, live_;
  std::vector<Sequence*> step_;     // of the step being made, in row order
  std::vector<Sequence*> wanting_;  // of these, whose last row has logits
  std::uint64_t turn_ = 0;
  std::vector<TokenId> tokens_;            // (rows)
  std::vector<std::int32_t> positions_;    // (rows)
  std::vector<std::int32_t> output_rows_;  // (outputs)
  std::vector<SequenceSlice> slices_;      // (sequences)
  std::vector<float> logits_;              // (outputs, vocabulary)
};

}  // namespace trivium
