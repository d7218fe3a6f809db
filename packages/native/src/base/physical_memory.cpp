#include "base/physical_memory.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <unistd.h>
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
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? std::size_t(pages) * std::size_t(bytes) : 0;
}
#endif

}  // namespace

std::size_t physical_memory_bytes() {
  const std::size_t bytes = found();
  return bytes > 0 ? bytes : std::size_t(4) << 30;
}

}  // namespace trivium
