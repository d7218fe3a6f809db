#include "base/large_pages.h"

#include <cstdint>

#include "check.h"

using namespace trivium;

TEST("large bytes lie on cache lines, those of a huge page and more on huge pages") {
  for (std::size_t bytes :
       {std::size_t(1), std::size_t(100), std::size_t(2) << 20, (std::size_t(5) << 20) + 7}) {
    LargeBytes memory(bytes, std::byte{7});
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    CHECK(address % (bytes >= std::size_t(2) << 20 ? std::size_t(2) << 20 : 64) == 0);
    CHECK(memory.front() == std::byte{7} && memory.back() == std::byte{7});
  }
}

TEST("more large bytes than there are fail as any allocation does") {
  bool failed = false;
  try {
    LargePages<std::uint64_t>().allocate(SIZE_MAX / 4);
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  CHECK(failed);
}
