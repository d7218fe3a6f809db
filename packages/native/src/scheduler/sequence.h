// One generation (or one wish for logits) in progress: its tokens, its memory, and how a sampled token becomes text and
// an end. Knows nothing of batches. `tokens` holds the prompt and what was sampled; memory holds keys and values of the
// first memory->tokens() of them, so after preemption the same loop computes the rest again and samples the same text.
#pragma once
#include "decode/grammar/guide.h"
#include "decode/stop_matcher.h"
#include "memory/memory.h"
#include "scheduler/request.h"

namespace trivium {

class Sequence {
 public:
  Sequence(std::shared_ptr<Request> request, const Tokenizer* tokenizer);

  const Request& request() const { return *request_; }
  std::shared_ptr<const Request> shared_request() const { return request_; }
  bool wants_logits() const { return generate_ == nullptr; }
  int pending() const { return int(tokens.size()) - (memory ? memory->tokens() : 0); }
  bool is_paused() const { return request_->paused; }

  void admitted(std::unique_ptr<Memory> pages);
  void preempted() { memory.reset(); was_preempted_ = true; }
  void adopt();                                            // what others have computed; the last token never
  void prefilled(EventBatch& events) const;                // progress after a chunk
  // The step's logits (vocabulary): one token on, or the answer. True when the request has ended.
  bool take(std::span<const float> logits, int context_tokens, EventBatch& events);
  Usage usage() const;
  bool has_grammar() const { return guide_ != nullptr; }
  std::uint64_t mask_ns() const { return guide_ ? guide_->mask_ns() : 0; }

  std::vector<TokenId> tokens;
  std::unique_ptr<Memory> memory;  // null while it waits
  std::uint64_t last_turn = 0;     // number of the last step it took part in
  int rows = 0;                    // of the step being composed

 private:
  // Within the grammar, if there is one, and what `left` tokens can complete.
  Result<SampledToken> choose(std::span<const float> logits, int left);
  bool take_token(SampledToken sampled, int left, EventBatch& events);

  std::shared_ptr<Request> request_;
  const GenerateRequest* generate_;  // null: logits
  const Tokenizer* tokenizer_;       // null: no text
  std::unique_ptr<StreamDecoder> decoder_;
  Sampler sampler_;
  StopMatcher stops_;
  std::unique_ptr<grammar::Guide> guide_;  // null: no grammar
  int prompt_tokens_, cached_tokens_ = 0;
  bool was_admitted_ = false, was_preempted_ = false;
  Clock::time_point admitted_at_, first_token_at_, last_token_at_;
};

}  // namespace trivium
