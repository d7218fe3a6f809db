#include "scheduler/embed_lane.h"

#include <algorithm>
#include <cmath>

namespace trivium {
namespace {

constexpr int max_inputs = 256;  // a run

Error not_finite(bool scores) {
  return {ErrorCode::internal,
          std::string("the model computed a ") + (scores ? "score" : "vector") + " that is not of finite numbers",
          "",
          scores ? "scores" : "embeddings",
          "finite numbers",
          "",
          "check the model file: its weights are damaged, or overflow in the type they are kept in"};
}

}  // namespace

void EmbedLane::accept(std::shared_ptr<Request> request) {
  Job job;
  job.request = std::move(request);
  std::size_t rows = 0;
  for (const auto& input : job.inputs()) {
    job.first.push_back(rows);
    rows += job.token_rows() ? input.size() : 1;
    job.usage.input_tokens += int(input.size());
  }
  job.values.resize(rows * (job.token_rows() ? std::size_t(model_.spec().width) : output_width()));
  const std::uint64_t id = job.request->id;
  jobs_.emplace(id, std::move(job));
}

bool EmbedLane::step(EventBatch& events) {
  const bool dropped = drop_cancelled(events);
  compose();
  counters_.live = int(jobs_.size());
  if (step_.empty()) return dropped;
  const Status status = run();
  counters_.steps++;
  if (status.ok()) {
    collect(events);
  } else if (status.error().code == ErrorCode::cancelled) {
    for (const Place& place : step_) place.job->placed = std::min(place.job->placed, place.input);
  } else {
    for (const Place& place : step_) {
      const std::uint64_t id = place.job->request->id;
      if (place.input + 1 != place.job->placed) continue;  // once a job: at its last input of this step
      events.fail(*place.job->request, status.error());
      jobs_.erase(id);
    }
  }
  step_.clear();
  if (jobs_.empty()) release_beyond_budget();
  counters_.live = int(jobs_.size());
  return true;
}

bool EmbedLane::drop_cancelled(EventBatch& events) {
  return std::erase_if(jobs_, [&](const auto& entry) {
    const Job& job = entry.second;
    if (!job.request->cancelled) return false;
    events.finish(*job.request, EngineEvent::FinishReason::cancelled, job.usage);
    return true;
  }) > 0;
}

void EmbedLane::compose() {
  step_.clear();
  std::vector<Job*> turn;  // those after the last served one first
  for (auto job = jobs_.upper_bound(last_served_); job != jobs_.end(); ++job) turn.push_back(&job->second);
  for (auto job = jobs_.begin(); job != jobs_.upper_bound(last_served_); ++job) turn.push_back(&job->second);
  std::erase_if(turn, [](const Job* job) { return job->request->paused.load(); });
  int tokens = 0;
  for (bool placed = true; placed;) {
    placed = false;
    for (Job* job : turn) {
      if (job->placed == job->inputs().size()) continue;
      const int length = int(job->inputs()[job->placed].size());
      if (!step_.empty() && (tokens + length > token_budget_ || int(step_.size()) == max_inputs)) return;
      step_.push_back({job, job->placed++});
      tokens += length;
      last_served_ = job->request->id;
      placed = true;
    }
  }
}

// One long input needs a hundred times the memory of all others: it is not kept for the next.
void EmbedLane::release_beyond_budget() {
  if (program_tokens_ <= token_budget_) return;
  program_.reset();
  program_tokens_ = program_rows_ = 0;
  token_outputs_ = {};
}

Status EmbedLane::ensure_program(int tokens, int rows) {
  if (tokens <= token_budget_) release_beyond_budget();
  if (program_ && tokens <= program_tokens_ && rows <= program_rows_) return {};
  int size = std::max(token_budget_, program_tokens_);
  while (size < tokens) size *= 2;
  // Room for unpooled rows is taken once somebody wants them.
  const int wanted = rows > 0 || program_rows_ > 0 ? size : 0;
  program_.reset();
  TRIVIUM_TRY_ASSIGN(program_, model_.compile({size, max_inputs, wanted}));
  program_tokens_ = size;
  program_rows_ = wanted;
  return {};
}

// Of an input whose tokens are placed already; those before it may have none.
void EmbedLane::place_types(const Place& place) {
  const auto& all = place.job->asked().types;
  const bool given = place.input < all.size() && !all[place.input].empty();
  if (!given && types_.empty()) return;
  types_.resize(tokens_.size());
  if (!given) return;
  const auto& types = all[place.input];
  std::copy(types.begin(), types.end(), types_.end() - std::ptrdiff_t(types.size()));
}

Status EmbedLane::run() {
  tokens_.clear();
  positions_.clear();
  types_.clear();
  slices_.clear();
  output_rows_.clear();
  const auto now = Clock::now();
  std::map<std::uint64_t, std::pair<std::shared_ptr<const Request>, int>> rows;
  for (const Place& place : step_) {
    const auto& input = place.job->inputs()[place.input];
    slices_.push_back({std::int32_t(tokens_.size()), std::int32_t(input.size()), 0, {}});
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (place.job->token_rows()) output_rows_.push_back(std::int32_t(tokens_.size()));
      tokens_.push_back(input[i]);
      positions_.push_back(std::int32_t(i));
    }
    place_types(place);
    auto& entry = rows[place.job->request->id];
    entry.first = place.job->request;
    entry.second += int(input.size());
    if (place.job->first_step == Clock::time_point()) {
      place.job->first_step = now;
      place.job->usage.queue_ms = milliseconds(place.job->request->submitted, now);
    }
  }
  TRIVIUM_TRY(ensure_program(int(tokens_.size()), int(output_rows_.size())));
  outputs_.resize(step_.size() * output_width());
  token_outputs_.resize(output_rows_.size() * std::size_t(model_.spec().width));
  Bindings bindings;
  bindings.tokens = tokens_;
  bindings.positions = positions_;
  bindings.types = types_;
  bindings.sequences = slices_;
  bindings.output_rows = output_rows_;
  bindings.outputs = {std::span<float>(outputs_), std::span<float>(token_outputs_)};
  bindings.cancelled = running_.flag();
  std::vector<std::pair<std::shared_ptr<const Request>, int>> rows_of_requests;
  for (auto& [id, entry] : rows) rows_of_requests.push_back(std::move(entry));
  running_.begin(std::move(rows_of_requests));
  Status status = model_.backend().run(*program_, bindings);
  running_.end();
  return status;
}

void EmbedLane::collect(EventBatch& events) {
  auto token_row = token_outputs_.begin();
  for (std::size_t i = 0; i < step_.size(); ++i) {
    Job& job = *step_[i].job;
    const std::size_t tokens = job.inputs()[step_[i].input].size();
    const std::size_t width = job.token_rows() ? std::size_t(model_.spec().width) : output_width();
    const auto destination = job.values.begin() + job.first[step_[i].input] * width;
    if (job.token_rows()) {
      std::copy_n(token_row, tokens * width, destination);
      token_row += tokens * width;
    } else {
      std::copy_n(outputs_.begin() + i * width, width, destination);
    }
    counters_.prefilled += tokens;
    if (++job.done < job.inputs().size()) continue;
    job.usage.prefill_ms = milliseconds(job.first_step, Clock::now());
    if (std::all_of(job.values.begin(), job.values.end(), [](float value) { return std::isfinite(value); })) {
      EngineEvent& event = events.add(*job.request, EngineEvent::Kind::embedding);
      event.values = std::move(job.values);
      event.usage = job.usage;
    } else {
      events.fail(*job.request, not_finite(job.asked().wanted == EmbedRequest::Wanted::scores));
    }
    jobs_.erase(job.request->id);  // its last input: no later place of the step names it
  }
}

void EmbedLane::abandon(const Error& error, EventBatch& events) {
  for (const auto& [id, job] : jobs_) events.fail(*job.request, error);
  jobs_.clear();
  counters_.live = 0;
}

}  // namespace trivium
