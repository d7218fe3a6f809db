// Watches malloc and new through the sanitizer's hooks: what was the largest single request since reset()?
#pragma once
#include <cstddef>

namespace fuzz {

void watch_allocations();  // once, at start
void reset_largest_allocation();
std::size_t largest_allocation();

}  // namespace fuzz
