// What tests ask of the system that they run on: its environment, the process, a disk that is full and a stack that is
// small.
#pragma once
#include <cstdlib>
#include <functional>

#include "check.h"

#ifdef _WIN32
#include <process.h>
#else
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#endif

namespace system_under_test {

#ifdef _WIN32

inline constexpr const char* device = "NUL";
inline int process_id() { return _getpid(); }
inline void set_environment(const char* name, const char* value) { _putenv_s(name, value); }
inline void unset_environment(const char* name) { _putenv_s(name, ""); }

struct FullDisk {
  explicit FullDisk(unsigned long) { throw check::Skip{"Windows limits the size of no file"}; }
};

inline void on_small_stack(const std::function<void()>&) { throw check::Skip{"Windows has no pthread"}; }

inline int exit_code_of(const std::function<void()>&) { throw check::Skip{"Windows has no fork"}; }

#else

inline constexpr const char* device = "/dev/zero";
inline int process_id() { return ::getpid(); }
inline void set_environment(const char* name, const char* value) { ::setenv(name, value, 1); }
inline void unset_environment(const char* name) { ::unsetenv(name); }

// The number of a process that is no more.
inline int ended_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

// While it lives, no file of this process grows beyond `bytes`.
class FullDisk {
  rlimit before_{};

 public:
  explicit FullDisk(unsigned long bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
};

// On a thread with the stack that musl gives one.
inline void on_small_stack(const std::function<void()>& body) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 128 * 1024);
  pthread_t thread;
  const auto run = [](void* given) -> void* {
    (*static_cast<const std::function<void()>*>(given))();
    return nullptr;
  };
  if (::pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&body)) != 0) throw check::Skip{"no thread with a small stack"};
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
}

// What a copy of this process exits with when it runs `body`, which ends it; negative: the signal that took it.
inline int exit_code_of(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(255);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif

}  // namespace system_under_test
