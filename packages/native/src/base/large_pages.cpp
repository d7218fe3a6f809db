#include "base/large_pages.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace trivium {
namespace {

constexpr std::size_t huge_page = std::size_t(2) << 20;
constexpr std::size_t cache_line = 64;

std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t(bytes >= huge_page ? huge_page : cache_line);
}

}  // namespace

void* allocate_large(std::size_t bytes) noexcept {
  void* memory = ::operator new(bytes, alignment_of(bytes), std::nothrow);
#if defined(__linux__)
  // Whole ones only: the last would hold more memory than was asked for. A system that refuses keeps small
  // pages.
  if (memory != nullptr && bytes >= huge_page) madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
  return memory;
}

void free_large(void* memory, std::size_t bytes) noexcept { ::operator delete(memory, alignment_of(bytes)); }

}  // namespace trivium
