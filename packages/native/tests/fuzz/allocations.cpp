#include "allocations.h"

#include <atomic>

// Part of every sanitizer runtime (GCC's and Clang's); its header is not always installed with the compiler.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace fuzz {
namespace {

std::atomic<std::size_t> largest{0};

void on_malloc(const volatile void*, std::size_t bytes) {
  std::size_t seen = largest.load(std::memory_order_relaxed);
  while (bytes > seen && !largest.compare_exchange_weak(seen, bytes, std::memory_order_relaxed)) {
  }
}

void on_free(const volatile void*) {}

}  // namespace

void watch_allocations() { __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free); }
void reset_largest_allocation() { largest.store(0); }
std::size_t largest_allocation() { return largest.load(); }

}  // namespace fuzz
