#include "scheduler/sequence.h"

#include <algorithm>

namespace trivium {
namespace {

const std::vector<std::string> no_stops;

}  // namespace

Sequence::Sequence(std::shared_ptr<Request> request, const Tokenizer* tokenizer)
    : request_(std::move(request)),
      generate_(std::get_if<GenerateRequest>(&request_->work)),
      tokenizer_(tokenizer),
      sampler_(generate_ ? generate_->sampling : SamplingParameters{}),
      stops_(generate_ ? generate_->stop : no_stops) {
  tokens = generate_ ? generate_->tokens : std::get<LogitsRequest>(request_->work).tokens;
  prompt_tokens_ = int(tokens.size());
  if (generate_ && generate_->grammar)
    guide_ = std::make_unique<grammar::Guide>(generate_->grammar, generate_->stop_tokens);
  if (generate_ && tokenizer_) decoder_ = tokenizer_->stream_decoder(generate_->skip_special_tokens);
}

void Sequence::admitted(std::unique_ptr<Memory> pages) {
  memory = std::move(pages);
  if (!was_admitted_) admitted_at_ = Clock::now();
  was_admitted_ = true;
}

void Sequence::adopt() {
  const int found = memory->adopt(std::span(tokens).first(tokens.size() - 1));
  if (!was_preempted_) cached_tokens_ += found;
}

void Sequence::prefilled(EventBatch& events) const {
  if (wants_logits() || int(tokens.size()) > prompt_tokens_) return;
  EngineEvent& event = events.add(*request_, EngineEvent::Kind::prefill_progress);
  event.done = memory->tokens();
  event.total = prompt_tokens_;
}

bool Sequence::take(std::span<const float> logits, int context_tokens, EventBatch& events) {
  last_token_at_ = Clock::now();
  if (wants_logits()) {
    if (const Status sound = check_logits(logits); !sound.ok()) {
      events.fail(*request_, sound.error());
      return true;
    }
    EngineEvent& event = events.add(*request_, EngineEvent::Kind::logits);
    event.values.assign(logits.begin(), logits.end());
    first_token_at_ = last_token_at_;
    event.usage = usage();
    return true;
  }
  const int left = std::min(generate_->max_tokens - (int(tokens.size()) - prompt_tokens_), context_tokens - int(tokens.size()));
  auto sampled = choose(logits, left);
  if (!sampled.ok()) {
    events.fail(*request_, sampled.error());
    return true;
  }
  return take_token(std::move(*sampled), left, events);
}

// The draw is a function of the position, so choosing again after a candidate was refused is as repeatable as the first time.
Result<SampledToken> Sequence::choose(std::span<const float> logits, int left) {
  const TokenHistory history{tokens, std::size_t(prompt_tokens_)};
  if (!guide_) return sampler_.sample(logits, tokens.size(), history);
  for (;;) {
    TRIVIUM_TRY_ASSIGN(const auto allowed, guide_->candidates(left));
    TRIVIUM_TRY_ASSIGN(SampledToken sampled, sampler_.sample(logits, tokens.size(), history, allowed));
    if (guide_->take(sampled.id, left)) return sampled;
  }
}

bool Sequence::take_token(SampledToken sampled, int left, EventBatch& events) {
  if (int(tokens.size()) == prompt_tokens_) first_token_at_ = last_token_at_;
  const TokenId id = sampled.id;
  tokens.push_back(id);
  const auto& stop_tokens = generate_->stop_tokens;
  const bool stop_token = guide_ ? guide_->ended() : std::find(stop_tokens.begin(), stop_tokens.end(), id) != stop_tokens.end();
  const bool full = left <= 1;
  const bool complete = guide_ && !stop_token && guide_->finished();
  const bool has_text = decoder_ && std::size_t(id) < tokenizer_->vocabulary_size();  // padded vocabularies are larger
  StopMatcher::Step step;
  if (has_text && !stop_token) step = stops_.push(decoder_->push(id));
  if (decoder_ && step.match < 0 && (stop_token || full || complete)) {
    const StopMatcher::Step rest = stops_.push(decoder_->finish());
    step.text += rest.text;
    step.match = rest.match;
    if (rest.match < 0) step.text += stops_.finish();
  }
  EngineEvent& event = events.add(*request_, EngineEvent::Kind::token);
  event.token = id;
  event.text = std::move(step.text);
  event.logprob = sampled.logprob;
  event.top = std::move(sampled.top);
  if (!stop_token && !full && !complete && step.match < 0) return false;
  const bool stopped = stop_token || complete || step.match >= 0;
  using Reason = EngineEvent::FinishReason;
  EngineEvent& finish = events.add(*request_, EngineEvent::Kind::finish);
  finish.reason = stopped ? Reason::stop : Reason::length;
  if (step.match >= 0) finish.stop_match = generate_->stop[step.match];
  finish.usage = usage();
  return true;
}

Usage Sequence::usage() const {
  Usage usage;
  usage.input_tokens = prompt_tokens_;
  usage.cached_tokens = cached_tokens_;
  usage.output_tokens = int(tokens.size()) - prompt_tokens_;
  usage.mask_us = double(mask_ns()) / 1000;
  const auto now = Clock::now();
  const bool has_first = first_token_at_ != Clock::time_point();
  usage.queue_ms = milliseconds(request_->submitted, was_admitted_ ? admitted_at_ : now);
  if (was_admitted_) usage.prefill_ms = milliseconds(admitted_at_, has_first ? first_token_at_ : now);
  if (has_first) usage.decode_ms = milliseconds(first_token_at_, last_token_at_);
  return usage;
}

}  // namespace trivium
