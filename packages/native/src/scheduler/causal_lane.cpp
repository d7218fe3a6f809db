#include "scheduler/causal_lane.h"

#include <algorithm>

namespace trivium {

Status CausalLane::prepare() {
  const BatchShape largest{limits_.prefill_chunk + limits_.max_sequences, limits_.max_sequences, limits_.max_sequences};
  TRIVIUM_TRY_ASSIGN(program_, model_.compile(largest));
  return {};
}

void CausalLane::accept(std::shared_ptr<Request> request) {
  const std::uint64_t id = request->id;
  waiting_[id] = std::make_unique<Sequence>(std::move(request), tokenizer_);
}

bool CausalLane::step(EventBatch& events) {
  const std::size_t open = waiting_.size() + live_.size();
  drop_cancelled(events);
  admit();
  compose(events);
  if (step_.empty()) {
    publish_counts();
    return waiting_.size() + live_.size() < open;  // who ended may have left room for others
  }
  ++turn_;
  const Status status = run();
  counters_.steps++;
  if (status.ok()) {
    collect(events);
  } else if (status.error().code == ErrorCode::cancelled) {
    for (Sequence* sequence : step_) sequence->memory->truncate(sequence->memory->tokens());
  } else {
    fail_step(status.error(), events);
  }
  step_.clear();
  publish_counts();
  return true;
}

void CausalLane::drop_cancelled(EventBatch& events) {
  for (Sequences* sequences : {&waiting_, &live_}) {
    std::erase_if(*sequences, [&](const auto& entry) {
      const Sequence& sequence = *entry.second;
      if (!sequence.request().cancelled) return false;
      events.finish(sequence.request(), EngineEvent::FinishReason::cancelled, sequence.usage());
      return true;
    });
  }
}

bool CausalLane::can_admit(const Sequence& sequence) const {
  // Pages that are promised to live sequences for what they already have to compute count as taken, and one more each
  // so that a newcomer is not thrown out again by the next page border. None ever has more than a whole context.
  const auto missing = [&](const Sequence& s) {
    const int tokens = std::min(int(s.tokens.size()) + 1, limits_.context_tokens);
    return std::max(0, DenseMemory::pages_for(tokens) - int(s.memory->pages().size()));
  };
  int promised = int(live_.size());
  for (const auto& [id, other] : live_) promised += missing(*other);
  return promised + missing(sequence) <= pool_.available() + pool_.idle_cached();
}

void CausalLane::admit() {
  const auto running = [&] {
    return std::count_if(live_.begin(), live_.end(), [](const auto& entry) { return !entry.second->is_paused(); });
  };
  for (auto next = waiting_.begin(); next != waiting_.end() && running() < limits_.max_sequences;) {
    Sequence& sequence = *next->second;
    if (sequence.is_paused()) {
      ++next;
      continue;
    }
    sequence.memory = std::make_unique<DenseMemory>(pool_, tree_);
    const int before = sequence.pending();
    auto memory = std::move(sequence.memory);
    memory->adopt(std::span(sequence.tokens).first(before - 1));
    sequence.memory = std::move(memory);
    if (!can_admit(sequence)) {
      sequence.memory.reset();
      // Nobody runs and still no room: the paused ones hold it, and a stalled reader must not stall the others.
      Sequence* victim = running() == 0 ? choose_victim(sequence) : nullptr;
      if (victim == nullptr) return;
      preempt(*victim);
      next = waiting_.begin();
      continue;
    }
    sequence.memory.reset();
    sequence.admitted(std::make_unique<DenseMemory>(pool_, tree_));
    sequence.adopt();
    sequence.last_turn = turn_;
    live_[next->first] = std::move(next->second);
    next = waiting_.erase(next);
  }
}

std::vector<Sequence*> CausalLane::candidates(bool prefill) {
  std::vector<Sequence*> found;
  for (const auto& [id, sequence] : live_) {
    if (!sequence->is_paused() && sequence->rows == 0 && (sequence->pending() > 1) == prefill) found.push_back(sequence.get());
  }
  std::stable_sort(found.begin(), found.end(), [](auto* a, auto* b) { return a->last_turn < b->last_turn; });
  return found;
}

// Streams that were resumed may fill every slot, and again in each step to come.
bool CausalLane::must_hold_slot_for_prefill() {
  const std::size_t slots = std::size_t(limits_.max_sequences);
  if (live_.size() <= slots) return false;
  const auto decoding = candidates(false), prefilling = candidates(true);
  return !prefilling.empty() && decoding.size() >= slots && prefilling[0]->last_turn < decoding[slots - 1]->last_turn;
}

void CausalLane::compose(EventBatch& events) {
  step_.clear();
  for (const auto& [id, sequence] : live_) sequence->rows = 0;
  int prefill_rows = limits_.prefill_chunk, decode_rows = limits_.max_sequences;
  if (must_hold_slot_for_prefill()) place(true, 1, prefill_rows, events);
  place(false, limits_.max_sequences, decode_rows, events);
  place(true, limits_.max_sequences, prefill_rows, events);
}

void CausalLane::place(bool prefill, int slots, int& rows_left, EventBatch& events) {
  std::vector<std::uint64_t> ids;  // making room may end or preempt a sequence that is still to come
  for (const Sequence* sequence : candidates(prefill)) ids.push_back(sequence->request().id);
  for (const std::uint64_t id : ids) {
    if (rows_left == 0 || int(step_.size()) >= slots) return;
    const auto found = live_.find(id);
    if (found == live_.end()) continue;
    Sequence& sequence = *found->second;
    if (sequence.pending() > 1) sequence.adopt();
    const int rows = std::min(sequence.pending(), rows_left);
    if (!make_room(sequence, rows, events)) continue;
    sequence.rows = rows;
    step_.push_back(&sequence);
    rows_left -= rows;
  }
}

bool CausalLane::make_room(Sequence& sequence, int rows, EventBatch& events) {
  while (!sequence.memory->can_reserve(rows)) {
    Sequence* victim = choose_victim(sequence);
    const bool older = victim != nullptr && victim->request().id < sequence.request().id;
    if (victim == nullptr || (older && !victim->is_paused())) victim = &sequence;
    const bool itself = victim == &sequence;
    preempt(*victim);
    if (itself) return false;
  }
  const Status reserved = sequence.memory->reserve(rows);
  if (reserved.ok()) return true;
  events.fail(sequence.request(), reserved.error());
  end(sequence);
  return false;
}

Sequence* CausalLane::choose_victim(const Sequence& needy) {
  Sequence* youngest = nullptr;
  Sequence* youngest_paused = nullptr;
  for (const auto& [id, sequence] : live_) {
    if (sequence.get() == &needy) continue;
    youngest = sequence.get();
    if (sequence->is_paused()) youngest_paused = sequence.get();
  }
  return youngest_paused ? youngest_paused : youngest;
}

void CausalLane::preempt(Sequence& victim) {
  const std::uint64_t id = victim.request().id;
  std::erase(step_, &victim);
  victim.preempted();
  waiting_[id] = std::move(live_[id]);
  live_.erase(id);
}

Status CausalLane::run() {
  tokens_.clear();
  positions_.clear();
  output_rows_.clear();
  slices_.clear();
  wanting_.clear();
  std::vector<std::pair<std::shared_ptr<const Request>, int>> rows;
  for (Sequence* sequence : step_) {
    const int position = sequence->memory->tokens();
    const auto pages = sequence->memory->pages().first(DenseMemory::pages_for(position + sequence->rows));
    slices_.push_back({std::int32_t(tokens_.size()), sequence->rows, position, pages});
    for (int i = 0; i < sequence->rows; ++i) {
      tokens_.push_back(sequence->tokens[position + i]);
      positions_.push_back(position + i);
    }
    if (sequence->rows == sequence->pending()) {
      output_rows_.push_back(std::int32_t(tokens_.size()) - 1);
      wanting_.push_back(sequence);
    }
    rows.emplace_back(sequence->shared_request(), sequence->rows);
  }
  logits_.resize(output_rows_.size() * std::size_t(model_.spec().vocabulary));
  Bindings bindings;
  bindings.tokens = tokens_;
  bindings.positions = positions_;
  bindings.sequences = slices_;
  bindings.output_rows = output_rows_;
  bindings.kv = {pool_.geometry(), pool_.addresses()};
  bindings.outputs = {std::span<float>(logits_)};
  bindings.cancelled = running_.flag();
  running_.begin(std::move(rows));
  Status status = model_.backend().run(*program_, bindings);
  running_.end();
  return status;
}

void CausalLane::collect(EventBatch& events) {
  const std::size_t vocabulary = model_.spec().vocabulary;
  std::size_t output = 0;
  std::uint64_t masks_ns = 0;
  bool made_mask = false;
  for (Sequence* sequence : step_) {
    const bool wants = output < wanting_.size() && wanting_[output] == sequence;
    const bool prefill = sequence->rows > 1 || !wants;
    const bool waits = wants && sequence->has_grammar() && made_mask && masks_ns >= limits_.mask_ns;
    const int rows = sequence->rows - waits;
    (prefill ? counters_.prefilled : counters_.decoded) += std::uint64_t(rows);
    sequence->memory->advance(rows);
    sequence->memory->publish(sequence->tokens);
    if (waits) {
      sequence->memory->truncate(sequence->memory->tokens());
      ++output;
      continue;
    }
    sequence->last_turn = turn_;
    if (prefill) sequence->prefilled(events);
    if (!wants) continue;
    const auto logits = std::span<const float>(logits_).subspan(output++ * vocabulary, vocabulary);
    const std::uint64_t masked_ns = sequence->mask_ns();
    const bool ended = sequence->take(logits, limits_.context_tokens, events);
    made_mask |= sequence->has_grammar();
    masks_ns += sequence->mask_ns() - masked_ns;
    counters_.masked += sequence->has_grammar();
    counters_.mask_ns += sequence->mask_ns() - masked_ns;
    if (ended) end(*sequence);
  }
}

void CausalLane::fail_step(const Error& error, EventBatch& events) {
  for (Sequence* sequence : step_) {
    events.fail(sequence->request(), error);
    end(*sequence);
  }
}

void CausalLane::end(Sequence& sequence) { live_.erase(sequence.request().id); }

void CausalLane::abandon(const Error& error, EventBatch& events) {
  for (Sequences* sequences : {&live_, &waiting_}) {
    for (const auto& [id, sequence] : *sequences) events.fail(sequence->request(), error);
    sequences->clear();
  }
  publish_counts();
}

void CausalLane::publish_counts() {
  counters_.live = int(live_.size());
  counters_.kv_bytes = pool_.allocated_bytes();
  counters_.kv_used_bytes = pool_.used_bytes();
}

}  // namespace trivium
