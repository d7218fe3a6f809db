#include "base/physical_memory.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <unistd.h>

#include <algorithm>

#include "base/cgroup.h"
#endif

namespace trivium {
namespace {

#if defined(_WIN32)
std::size_t found() {
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof status;
  return GlobalMemoryStatusEx(&status) ? static_cast<std::size_t>(status.ullTotalPhys) : 0;
}
#else
std::size_t found() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  const std::size_t bytes = pages > 0 && page > 0 ? std::size_t(pages) * std::size_t(page) : 0;
  const std::uint64_t limit = cgroup_limits().memory_bytes.value_or(bytes);
  return bytes > 0 ? std::size_t(std::min<std::uint64_t>(bytes, limit)) : std::size_t(limit);
}
#endif

}  // namespace

std::size_t physical_memory_bytes() {
  static const std::size_t bytes = found();
  return bytes > 0 ? bytes : std::size_t(4) << 30;
}

}  // namespace trivium
