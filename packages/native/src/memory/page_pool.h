// The pages of one model: slabs allocated on demand up to a byte limit, a reference count per page, a free list.
// Knows how large a page is and who counts on it, not what is in it, which tokens it stands for, or whom to evict.
// Invariants: a page is free exactly when its count is 0; `cached` pages are those the prefix tree counts on, and
// idle_cached() counts the cached pages nobody else counts on, which eviction can give back.
// Engine thread only, except used_bytes() and allocated_bytes().
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "base/result.h"
#include "memory/memory.h"

namespace trivium {

class PagePool {
 public:
  PagePool(const PageGeometry& geometry, std::size_t limit_bytes);

  const PageGeometry& geometry() const { return geometry_; }
  int capacity() const { return capacity_; }                        // pages, allocated or not
  int used() const { return used_; }                                // pages with a count
  int available() const { return capacity_ - used_; }
  int idle_cached() const { return idle_cached_; }
  std::span<std::byte* const> addresses() const { return addresses_; }  // by page id, of all slabs so far
  std::size_t used_bytes() const { return published_used_.load() * page_bytes_; }
  std::size_t allocated_bytes() const { return allocated_bytes_.load(); }

  // A page with count 1, its bytes undefined but finite. `out_of_memory` when none is free or the system refuses.
  Result<PageId> allocate();
  void retain(PageId page);
  void release(PageId page);
  int count(PageId page) const { return pages_[page].count; }
  bool is_cached(PageId page) const { return pages_[page].cached; }
  void set_cached(PageId page, bool cached);                        // by the prefix tree, beside its own count
  void copy(PageId from, PageId to);

 private:
  struct Page { int count = 0; bool cached = false; };
  struct FreeAligned {
    void operator()(std::byte* bytes) const { ::operator delete(bytes, std::align_val_t(64)); }
  };
  Status add_slab();
  bool is_idle_cached(PageId page) const { return pages_[page].cached && pages_[page].count == 1; }

  PageGeometry geometry_;
  std::size_t page_bytes_;
  int capacity_;
  int slab_pages_;
  int used_ = 0, idle_cached_ = 0;
  std::vector<std::unique_ptr<std::byte[], FreeAligned>> slabs_;
  std::vector<std::byte*> addresses_;                             // (pages of all slabs so far)
  std::vector<Page> pages_;                                       // (pages of all slabs so far)
  std::vector<PageId> free_;                                      // allocated pages with count 0
  std::atomic<std::size_t> published_used_{0}, allocated_bytes_{0};
};

}  // namespace trivium
