#include "base/process.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <limits>

namespace trivium {

std::uint64_t process_id() { return static_cast<std::uint64_t>(::getpid()); }

bool process_lives(std::uint64_t id) {
  // 0 and negative numbers are groups.
  if (id == 0 || id > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max())) return false;
  return ::kill(static_cast<pid_t>(id), 0) == 0 || errno == EPERM;
}

}  // namespace trivium
