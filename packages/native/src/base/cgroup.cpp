#include "base/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace trivium {
namespace {

template <class T>
void lower(std::optional<T>& limit, T found) {
  limit = limit ? std::min(*limit, found) : found;
}

// A file that says "max", or is not there, has no number.
void read_memory(const std::string& path, CgroupLimits& limits) {
  std::ifstream file(path);
  if (std::uint64_t bytes = 0; file >> bytes) lower(limits.memory_bytes, bytes);
}

void read_cores(std::istream& quota_and_period, CgroupLimits& limits) {
  double quota = 0, period = 0;
  if (quota_and_period >> quota >> period && quota > 0 && period > 0) lower(limits.cores, quota / period);
}

// A group and those above it, whose limits hold for it too. A container may see its own group where the files begin, and as its path
// one of the machine's: then the folders in between are not there.
template <class Visit>
void each_group(const std::string& mount, std::string path, const Visit& visit) {
  if (path == "/") path.clear();
  for (;; path.erase(path.rfind('/'))) {
    visit(mount + path);
    if (path.find('/') == std::string::npos) return;
  }
}

bool names(const std::string& controllers, const std::string& one) {
  return ("," + controllers + ",").find("," + one + ",") != std::string::npos;
}

}  // namespace

CgroupLimits cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const std::string mounts = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // number:controllers:path, without controllers in v2
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty()) {
      each_group(mounts, path, [&](const std::string& group) {
        read_memory(group + "/memory.max", limits);
        std::ifstream file(group + "/cpu.max");
        read_cores(file, limits);
      });
    }
    if (names(controllers, "memory")) {
      each_group(mounts + "/memory", path,
                 [&](const std::string& group) { read_memory(group + "/memory.limit_in_bytes", limits); });
    }
    if (names(controllers, "cpu")) {
      each_group(mounts + "/cpu", path, [&](const std::string& group) {
        std::ifstream quota(group + "/cpu.cfs_quota_us"), period(group + "/cpu.cfs_period_us");
        std::stringstream both;
        both << quota.rdbuf() << ' ' << period.rdbuf();
        read_cores(both, limits);
      });
    }
  }
  return limits;
}

}  // namespace trivium
