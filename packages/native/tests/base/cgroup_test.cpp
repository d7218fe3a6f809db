#include "base/cgroup.h"

#include <filesystem>
#include <fstream>

#include "base/cpu_count.h"
#include "base/physical_memory.h"
#include "check.h"
#include "system.h"

using namespace trivium;

namespace {

// The files of a container, under a folder of their own.
struct Root {
  std::string path = (std::filesystem::temp_directory_path() / ("trivium-cgroup-" + std::to_string(system_under_test::process_id()))).string();
  ~Root() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void groups(const std::string& lines) const { write("/proc/self/cgroup", lines); }
  void group(const std::string& name, const std::string& text) const { write("/sys/fs/cgroup" + name, text + "\n"); }
};

}  // namespace

TEST("limits of v2 are the least of the process's own group and of those above it") {
  const Root root;
  CHECK(!cgroup_limits(root.path).memory_bytes && !cgroup_limits(root.path).cores);
  root.groups("0::/user/app\n");
  root.group("/user/app/memory.max", "max");
  root.group("/user/app/cpu.max", "150000 100000");
  CHECK(!cgroup_limits(root.path).memory_bytes);
  CHECK_EQ(cgroup_limits(root.path).cores.value_or(0), 1.5);
  root.group("/user/memory.max", "3221225472");
  root.group("/user/cpu.max", "max 100000");
  CHECK_EQ(cgroup_limits(root.path).memory_bytes.value_or(0), 3221225472u);
  root.group("/user/app/memory.max", "1073741824");
  root.group("/memory.max", "2147483648");
  CHECK_EQ(cgroup_limits(root.path).memory_bytes.value_or(0), 1073741824u);
  CHECK_EQ(cgroup_limits(root.path).cores.value_or(0), 1.5);
  root.groups("0::/\n");
  CHECK_EQ(cgroup_limits(root.path).memory_bytes.value_or(0), 2147483648u);
}

TEST("limits of v1 count, where the path is one of the machine's too") {
  const Root root;
  root.groups("12:cpuset:/docker/1\n7:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/\n");
  root.group("/memory/memory.limit_in_bytes", "536870912");
  root.group("/cpu/cpu.cfs_quota_us", "-1");
  root.group("/cpu/cpu.cfs_period_us", "100000");
  CHECK_EQ(cgroup_limits(root.path).memory_bytes.value_or(0), 536870912u);
  CHECK(!cgroup_limits(root.path).cores);
  root.group("/cpu/cpu.cfs_quota_us", "200000");
  CHECK_EQ(cgroup_limits(root.path).cores.value_or(0), 2.0);
  root.group("/memory/docker/1/memory.limit_in_bytes", "268435456");
  CHECK_EQ(cgroup_limits(root.path).memory_bytes.value_or(0), 268435456u);
}

TEST("memory and cores are no more than this process may take") {
  const CgroupLimits limits = cgroup_limits();
  CHECK(physical_memory_bytes() <= limits.memory_bytes.value_or(SIZE_MAX));
  CHECK(usable_cores() <= std::max(1.0, limits.cores.value_or(1e6) + 0.5));
}
