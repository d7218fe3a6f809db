// A request as threads share it: what was asked (never changed), and the two flags any thread may set. And what a step
// reports: events, grouped by sink. Knows nothing of models and memory.
#pragma once
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <variant>

#include "scheduler/engine.h"

namespace trivium {

using Clock = std::chrono::steady_clock;
inline double milliseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

struct Request {
  std::uint64_t id = 0;
  SharedEventSink sink;
  std::variant<GenerateRequest, EmbedRequest, LogitsRequest> work;
  Clock::time_point submitted;
  std::atomic<bool> cancelled{false}, paused{false};
};

// The events of one step. deliver() makes one call for each distinct sink.
class EventBatch {
 public:
  EngineEvent& add(const Request& request, EngineEvent::Kind kind);
  void fail(const Request& request, const Error& error) { add(request, EngineEvent::Kind::error).failure = error; }
  void finish(const Request& request, EngineEvent::FinishReason reason, const Usage& usage);
  std::vector<std::uint64_t> ended() const;  // requests whose last event is here
  void deliver();

 private:
  struct Group { SharedEventSink sink; std::vector<EngineEvent> events; };
  std::vector<Group> groups_;
};

// Lets cancel() stop a run that is going on, but only when more than half of its rows belong to cancelled requests: the
// others repeat the step, so never more work is lost than is saved.
class RunningStep {
 public:
  void begin(std::vector<std::pair<std::shared_ptr<const Request>, int>> rows);
  void end();
  void look();                                        // after a request's flag was set
  void stop();                                        // the model goes away: now and for all later steps
  const std::atomic<bool>* flag() const { return &flag_; }

 private:
  void look_locked();
  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<const Request>, int>> rows_;  // of the run going on, empty between runs
  bool stopped_ = false;
  std::atomic<bool> flag_{false};
};

// Read by stats() while the engine thread counts.
struct Counters {
  std::atomic<int> live{0};
  std::atomic<std::size_t> kv_bytes{0}, kv_used_bytes{0};
  std::atomic<std::uint64_t> steps{0}, prefilled{0}, decoded{0}, masked{0}, mask_ns{0};
};

// How the requests of one kind of model become steps. Engine thread only.
class Lane {
 public:
  virtual ~Lane() = default;
  virtual void accept(std::shared_ptr<Request> request) = 0;
  virtual bool step(EventBatch& events) = 0;          // false: nothing could be done until something changes
  virtual void abandon(const Error& error, EventBatch& events) = 0;  // ends all requests
};

}  // namespace trivium
