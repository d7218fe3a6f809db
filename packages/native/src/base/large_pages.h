// Memory for weights that every step streams through: on cache lines, and in huge pages where the system has
// them, so that the stream does not wait for address translations. For containers that are made once and
// kept. resize() leaves new elements as they are: whoever fills them touches their pages first.
#pragma once
#include <cstddef>
#include <limits>
#include <new>
#include <vector>

namespace trivium {

// Null when there is no memory; free_large() takes the same `bytes`.
void* allocate_large(std::size_t bytes) noexcept;
void free_large(void* memory, std::size_t bytes) noexcept;

template <class T>
struct LargePages {
  using value_type = T;
  LargePages() = default;
  template <class Other>
  LargePages(const LargePages<Other>&) noexcept {}
  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    void* memory = allocate_large(count * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) noexcept { free_large(memory, count * sizeof(T)); }
  template <class U>
  void construct(U* element) noexcept {
    ::new (static_cast<void*>(element)) U;
  }
  template <class Other>
  bool operator==(const LargePages<Other>&) const noexcept {
    return true;
  }
};

using LargeBytes = std::vector<std::byte, LargePages<std::byte>>;

}  // namespace trivium
