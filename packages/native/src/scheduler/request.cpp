#include "scheduler/request.h"

#include <algorithm>

namespace trivium {

EngineEvent& EventBatch::add(const Request& request, EngineEvent::Kind kind) {
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.sink == request.sink; });
  if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{request.sink, {}});
  EngineEvent& event = group->events.emplace_back();
  event.kind = kind;
  event.request = request.id;
  return event;
}

void EventBatch::finish(const Request& request, EngineEvent::FinishReason reason, const Usage& usage) {
  EngineEvent& event = add(request, EngineEvent::Kind::finish);
  event.reason = reason;
  event.usage = usage;
}

std::vector<std::uint64_t> EventBatch::ended() const {
  std::vector<std::uint64_t> ids;
  for (const Group& group : groups_) {
    for (const EngineEvent& event : group.events) {
      if (event.kind != EngineEvent::Kind::token && event.kind != EngineEvent::Kind::prefill_progress)
        ids.push_back(event.request);
    }
  }
  return ids;
}

void EventBatch::deliver() {
  auto groups = std::move(groups_);
  groups_.clear();
  for (Group& group : groups) {
    if (group.sink && *group.sink) (*group.sink)(std::move(group.events));
  }
}

void RunningStep::begin(std::vector<std::pair<std::shared_ptr<const Request>, int>> rows) {
  const std::lock_guard lock(mutex_);
  rows_ = std::move(rows);
  flag_ = false;
  look_locked();
}

void RunningStep::end() {
  const std::lock_guard lock(mutex_);
  rows_.clear();
}

void RunningStep::look() {
  const std::lock_guard lock(mutex_);
  look_locked();
}

void RunningStep::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  flag_ = true;
}

void RunningStep::look_locked() {
  int cancelled = 0, all = 0;
  for (const auto& [request, rows] : rows_) {
    all += rows;
    if (request->cancelled) cancelled += rows;
  }
  if (stopped_ || 2 * cancelled > all) flag_ = true;
}

}  // namespace trivium
