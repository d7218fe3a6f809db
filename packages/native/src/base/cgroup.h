// What a Linux container may take of its machine, as control groups say it, v2 and v1. Knows nothing of what the machine has.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace trivium {

struct CgroupLimits {
  std::optional<std::uint64_t> memory_bytes;  // v1 says a number beyond all machines where there is none
  std::optional<double> cores;
};

// Of this process; none where a file is not there. `root` stands before /proc and /sys.
CgroupLimits cgroup_limits(const std::string& root = "");

}  // namespace trivium
