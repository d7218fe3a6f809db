// Physical cores this process may use. Hyper-threads of one core count once, because they share the vector units
// that kernels fill; a container's CPU quota counts, because threads beyond it are only throttled.
// Knows nothing of the pool that starts the threads.
#include "base/cpu_count.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#if defined(__linux__)
#include <sched.h>

#include "base/cgroup.h"
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace trivium {
namespace {

#if defined(__linux__)
int read_integer(const std::string& path) {
  std::ifstream file(path);
  int value = -1;
  file >> value;
  return file ? value : -1;
}

int platform_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  std::set<std::pair<int, int>> cores;
  int unknown = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    const int package = read_integer(topology + "physical_package_id");
    const int core = read_integer(topology + "core_id");
    if (core < 0) {
      ++unknown;
    } else {
      cores.insert({package, core});
    }
  }
  const int found = static_cast<int>(cores.size()) + unknown;
  const std::optional<double> quota = cgroup_limits().cores;
  return quota ? static_cast<int>(std::min<double>(found, std::max(1.0, *quota + 0.5))) : found;
}
#elif defined(__APPLE__)
int platform_cores() {
  int cores = 0;
  std::size_t size = sizeof cores;
  return sysctlbyname("hw.physicalcpu", &cores, &size, nullptr, 0) == 0 ? cores : 0;
}
#else
int platform_cores() { return 0; }
#endif

}  // namespace

int usable_cores() {
  const int found = platform_cores();
  return found > 0 ? found : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace trivium
