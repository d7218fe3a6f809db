// Processes by their number, for files that say who writes them.
#pragma once
#include <cstdint>

namespace trivium {

std::uint64_t process_id();
// Whether a process of this number lives on this machine, and in this container: others' look dead from here.
bool process_lives(std::uint64_t id);

}  // namespace trivium
