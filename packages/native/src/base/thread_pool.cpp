// One job at a time, handed out task by task through an atomic counter; the caller works too. Knows nothing of
// tensors, of NUMA or of priorities.
// `gate` is the one word that opens and closes a job: | generation | open bit | workers inside (16 bits) |.
// Invariants: a worker touches the job only between entering (CAS on an open gate) and leaving; the caller changes
// the job only while the gate is closed and empty. So a worker that wakes late finds the gate closed and sleeps on:
// the caller never waits for a thread that the kernel has not scheduled, only for tasks already begun.
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/cpu_count.h"

namespace trivium {
namespace {

constexpr std::uint64_t inside_mask = 0xffff;
constexpr std::uint64_t open_bit = 0x10000;
constexpr std::uint64_t generation_step = 0x20000;
constexpr int most_threads = 256;
// Longer than the gap between two operations of one step, short beside a scheduler's time slice.
constexpr std::chrono::microseconds spin_time{30};

thread_local bool inside_task = false;

void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

template <class Condition>
bool spin_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + spin_time;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) return true;
      pause_cpu();
    }
  } while (std::chrono::steady_clock::now() < end);
  return condition();
}

}  // namespace

struct ThreadPool::State {
  std::mutex callers;  // held for a whole job, and while threads start or stop
  std::vector<std::thread> workers;
  std::atomic<int> threads{1};

  // The job: written by the caller while the gate is closed and empty.
  const std::function<void(std::size_t)>* task = nullptr;
  std::size_t count = 0;
  std::exception_ptr failure;  // the first one; under `parking`

  alignas(64) std::atomic<std::size_t> next{0};
  alignas(64) std::atomic<std::uint64_t> gate{0};
  std::atomic<bool> stopping{false};

  // A sleeper raises its count before it looks at the gate for the last time; whoever changes the gate looks at the
  // counts afterwards. Both are sequentially consistent, so one of the two always sees the other.
  alignas(64) std::atomic<int> parked_workers{0};
  std::atomic<bool> parked_caller{false};
  std::mutex parking;
  std::condition_variable job_opened;
  std::condition_variable workers_left;

  void take_tasks();
  void work();
  void leave();
  void open_gate();
  void close_gate_and_wait();
  void start_workers();
  void stop_workers();
};

void ThreadPool::State::take_tasks() {
  inside_task = true;
  try {
    for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      (*task)(i);
    }
  } catch (...) {
    next.store(count, std::memory_order_relaxed);
    std::lock_guard lock(parking);
    if (!failure) failure = std::current_exception();
  }
  inside_task = false;
}

void ThreadPool::State::leave() {
  const std::uint64_t before = gate.fetch_sub(1);
  if ((before & (inside_mask | open_bit)) == 1 && parked_caller.load()) {
    std::lock_guard lock(parking);
    workers_left.notify_one();
  }
}

void ThreadPool::State::work() {
  for (std::uint64_t seen = 0;;) {
    const auto news = [&] {
      const std::uint64_t now = gate.load();
      return stopping.load() || ((now & open_bit) != 0 && now / generation_step != seen);
    };
    if (!spin_until(news)) {
      std::unique_lock lock(parking);
      parked_workers.fetch_add(1);
      job_opened.wait(lock, news);
      parked_workers.fetch_sub(1);
    }
    if (stopping.load()) return;
    std::uint64_t now = gate.load();
    while ((now & open_bit) != 0 && !gate.compare_exchange_weak(now, now + 1)) {
    }
    if ((now & open_bit) == 0) continue;
    seen = now / generation_step;
    take_tasks();
    leave();
  }
}

void ThreadPool::State::open_gate() {
  gate.store((gate.load() / generation_step + 1) * generation_step | open_bit);
  const int parked = parked_workers.load();
  if (parked == 0) return;
  const bool all = count - 1 >= static_cast<std::size_t>(parked);
  std::lock_guard lock(parking);
  if (all) {
    job_opened.notify_all();
  } else {
    for (std::size_t i = 1; i < count; ++i) job_opened.notify_one();
  }
}

void ThreadPool::State::close_gate_and_wait() {
  gate.fetch_and(~open_bit);
  const auto empty = [&] { return (gate.load() & inside_mask) == 0; };
  if (spin_until(empty)) return;
  std::unique_lock lock(parking);
  parked_caller.store(true);
  workers_left.wait(lock, empty);
  parked_caller.store(false);
}

void ThreadPool::State::start_workers() {
  const std::size_t wanted = static_cast<std::size_t>(threads.load() - 1);
  stopping.store(false);
  try {
    while (workers.size() < wanted) workers.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    threads.store(static_cast<int>(workers.size()) + 1);  // the system gives no more: go on with what there is
  }
}

void ThreadPool::State::stop_workers() {
  {
    std::lock_guard lock(parking);
    stopping.store(true);
    job_opened.notify_all();
  }
  for (auto& worker : workers) worker.join();
  workers.clear();
}

ThreadPool& ThreadPool::instance() {
  static ThreadPool* pool = new ThreadPool();  // never destroyed: threads that compute may outlive static destruction
  return *pool;
}

ThreadPool::ThreadPool() : state_(new State) { state_->threads = std::min(usable_cores(), most_threads); }

int ThreadPool::threads() const { return state_->threads.load(); }

void ThreadPool::set_threads(int threads) {
  if (inside_task) return;  // a task that waited for its own job would wait for ever
  const int wanted = std::min(threads > 0 ? threads : usable_cores(), most_threads);
  std::lock_guard lock(state_->callers);
  if (wanted == state_->threads.load()) return;
  state_->stop_workers();
  state_->threads.store(wanted);
}

void ThreadPool::shutdown() {
  if (inside_task) return;
  std::lock_guard lock(state_->callers);
  state_->stop_workers();
}

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t task)>& task) {
  if (count <= 1 || inside_task || threads() == 1) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  State& state = *state_;
  std::exception_ptr failure;
  {
    std::lock_guard lock(state.callers);
    if (static_cast<int>(state.workers.size()) + 1 < state.threads.load()) state.start_workers();
    state.task = &task;
    state.count = count;
    state.next.store(0, std::memory_order_relaxed);
    state.open_gate();
    state.take_tasks();
    state.close_gate_and_wait();
    state.task = nullptr;
    failure = std::exchange(state.failure, nullptr);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace trivium
