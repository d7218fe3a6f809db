// Files that pack writers have begun, in the folder of the cache. Who writes one is in its name, so the file is also the lock: of
// the processes that want to write the same pack one does, and what a process left that ended meanwhile is removed. Touches no name
// that no pack writer gives.
#pragma once
#include <cstdint>
#include <limits>
#include <string>

namespace trivium {

// Removes those of processes that are no more. `own`: also those with this process's number, which while it writes none are of an
// earlier process with the same one (each start of a container).
void remove_abandoned_packs(const std::string& folder, bool own);
// Whether another process, with a number below this, is writing this pack.
bool is_written_elsewhere(const std::string& pack, std::uint64_t below = std::numeric_limits<std::uint64_t>::max());

}  // namespace trivium
