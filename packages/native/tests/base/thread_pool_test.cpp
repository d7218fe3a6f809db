#include "base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>

#include "check.h"
#include "system.h"

using trivium::ThreadPool;

static void check_each_task_once(std::size_t count) {
  std::vector<std::atomic<int>> seen(count);
  ThreadPool::instance().run(count, [&](std::size_t i) { seen[i].fetch_add(1); });
  std::size_t wrong = 0;
  for (const auto& times : seen) wrong += times.load() != 1;
  CHECK_EQ(wrong, std::size_t{0});
}

TEST("every task runs exactly once with 1, 2 and 4 threads") {
  auto& pool = ThreadPool::instance();
  for (const int threads : {1, 2, 4}) {
    pool.set_threads(threads);
    CHECK_EQ(pool.threads(), threads);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 64u, 1000u}) check_each_task_once(count);
  }
}

TEST("several callers share the pool under load") {
  auto& pool = ThreadPool::instance();
  for (const int threads : {1, 2, 4}) {
    pool.set_threads(threads);
    std::atomic<std::size_t> total{0};
    std::vector<std::thread> callers;
    for (int c = 0; c < 3; ++c) {
      callers.emplace_back([&] {
        for (std::size_t job = 0; job < 2000; ++job) pool.run(job % 9, [&](std::size_t) { total.fetch_add(1); });
      });
    }
    for (auto& caller : callers) caller.join();
    std::size_t expected = 0;
    for (std::size_t job = 0; job < 2000; ++job) expected += 3 * (job % 9);
    CHECK_EQ(total.load(), expected);
  }
}

TEST("a run inside a task executes in place") {
  auto& pool = ThreadPool::instance();
  pool.set_threads(4);
  std::atomic<int> inner{0};
  std::atomic<bool> same_thread{true};
  pool.run(8, [&](std::size_t) {
    const auto self = std::this_thread::get_id();
    pool.run(5, [&](std::size_t) {
      inner.fetch_add(1);
      if (std::this_thread::get_id() != self) same_thread = false;
    });
  });
  CHECK_EQ(inner.load(), 40);
  CHECK(same_thread.load());
}

TEST("the pool stops, restarts and changes size between jobs of other callers") {
  auto& pool = ThreadPool::instance();
  pool.set_threads(2);
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> total{0}, expected{0};
  std::thread caller([&] {
    while (!stop.load()) {
      pool.run(6, [&](std::size_t) { total.fetch_add(1); });
      expected.fetch_add(6);
    }
  });
  for (int i = 0; i < 60; ++i) {
    if (i % 3 == 0) pool.shutdown();
    pool.set_threads(1 + i % 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop = true;
  caller.join();
  CHECK_EQ(total.load(), expected.load());
  pool.shutdown();
  pool.shutdown();
  check_each_task_once(100);
}

TEST("an exception of a task reaches the caller, and the pool lives on") {
  auto& pool = ThreadPool::instance();
  for (const int threads : {1, 3}) {
    pool.set_threads(threads);
    bool caught = false;
    try {
      pool.run(50, [](std::size_t i) {
        if (i == 20) throw std::bad_alloc();
      });
    } catch (const std::bad_alloc&) {
      caught = true;
    }
    CHECK(caught);
    check_each_task_once(50);
  }
}

TEST("a process may exit while threads compute") {
  ThreadPool::instance().shutdown();  // a copy of the process has no workers
  for (int i = 0; i < 10; ++i) {
    const int code = system_under_test::exit_code_of([] {
      ThreadPool::instance().set_threads(2);
      std::atomic<int> computing{0};
      for (int caller = 0; caller < 4; ++caller) {
        std::thread([&] {
          for (computing.fetch_add(1);;) ThreadPool::instance().run(8, [](std::size_t) {});
        }).detach();
      }
      while (computing.load() < 4) std::this_thread::yield();
      std::exit(3);
    });
    CHECK_EQ(code, 3);
  }
}

TEST("sleeping workers wake, and small jobs stay cheap") {
  auto& pool = ThreadPool::instance();
  pool.set_threads(2);
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    check_each_task_once(4);
  }
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int> total{0};
  for (int i = 0; i < 5000; ++i) pool.run(2, [&](std::size_t) { total.fetch_add(1, std::memory_order_relaxed); });
  const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / 5000;
  CHECK_EQ(total.load(), 10000);
  CHECK(us < 1000);  // a bound against pathological waits; the usual figure is a few microseconds
}
