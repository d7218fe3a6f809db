// The one process-wide pool. Workers spin briefly, then park. A job is split by its caller into independent tasks
// (rows, heads, sequences); the pool never splits a sum, so results do not depend on the number of threads.
#pragma once
#include <cstddef>
#include <functional>

namespace trivium {

class ThreadPool {
 public:
  static ThreadPool& instance();  // made on first use; threads start lazily and are joined by shutdown()

  int threads() const;            // workers and the caller together, >= 1
  void set_threads(int threads);  // waits for the running job; 0 means the number of physical cores
  // Runs task(i) for every i in [0, count), on the workers and on the calling thread; returns when all are done.
  // Only one job runs at a time: concurrent callers queue. A call from inside a task runs in place.
  void run(std::size_t count, const std::function<void(std::size_t task)>& task);
  void shutdown();                // joins the workers; a later run() starts them again

 private:
  ThreadPool();
  struct State;
  State* state_;
};

}  // namespace trivium
