// How many threads are worth starting here: physical cores, the affinity mask and the container's quota together.
#pragma once

namespace trivium {

int usable_cores();  // >= 1

}  // namespace trivium
