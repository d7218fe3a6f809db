#pragma once
#include <cstddef>

namespace trivium {

// Bytes of memory that the machine has, or this process's container where that has less, whoever uses them; 4 GiB where the
// system does not say.
std::size_t physical_memory_bytes();

}  // namespace trivium
