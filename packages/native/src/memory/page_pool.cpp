#include "memory/page_pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace trivium {
namespace {

constexpr std::size_t slab_bytes = std::size_t(4) << 20;

Error out_of_pages(std::string message, std::string remedy) {
  Error error;
  error.code = ErrorCode::out_of_memory;
  error.message = std::move(message);
  error.field = "kvMemoryBytes";
  error.remedy = std::move(remedy);
  return error;
}

}  // namespace

PagePool::PagePool(const PageGeometry& geometry, std::size_t limit_bytes)
    : geometry_(geometry), page_bytes_(std::max<std::size_t>(1, geometry.page_bytes())) {
  capacity_ = int(std::min<std::size_t>(limit_bytes / page_bytes_, std::numeric_limits<PageId>::max() / 2));
  slab_pages_ = int(std::clamp<std::size_t>(slab_bytes / page_bytes_, 1, std::size_t(std::max(1, capacity_))));
}

Status PagePool::add_slab() {
  const int first = int(pages_.size());
  const int count = std::min(slab_pages_, capacity_ - first);
  if (count <= 0) {
    return out_of_pages("all pages of key/value memory are in use",
                        "raise kvMemoryBytes or run fewer requests at once");
  }
  const std::size_t bytes = std::size_t(count) * page_bytes_;
  auto* memory = static_cast<std::byte*>(::operator new(bytes, std::align_val_t(64), std::nothrow));
  if (memory == nullptr) {
    return out_of_pages("the system has no " + std::to_string(bytes) + " bytes for key/value memory",
                        "lower kvMemoryBytes or close other programs");
  }
  std::memset(memory, 0, bytes);  // a masked position is multiplied by 0: it must never hold a NaN
  slabs_.emplace_back(memory);
  addresses_.resize(first + count);
  pages_.resize(first + count);
  for (int i = count - 1; i >= 0; --i) {
    addresses_[first + i] = memory + std::size_t(i) * page_bytes_;
    free_.push_back(first + i);
  }
  allocated_bytes_ += bytes;
  return {};
}

Result<PageId> PagePool::allocate() {
  if (free_.empty()) TRIVIUM_TRY(add_slab());
  const PageId page = free_.back();
  free_.pop_back();
  pages_[page] = {1, false};
  published_used_ = ++used_;
  return page;
}

void PagePool::retain(PageId page) {
  idle_cached_ -= is_idle_cached(page);
  ++pages_[page].count;
}

void PagePool::release(PageId page) {
  idle_cached_ -= is_idle_cached(page);
  if (--pages_[page].count == 0) {
    free_.push_back(page);
    published_used_ = --used_;
  }
  idle_cached_ += is_idle_cached(page);
}

void PagePool::set_cached(PageId page, bool cached) {
  idle_cached_ -= is_idle_cached(page);
  pages_[page].cached = cached;
  idle_cached_ += is_idle_cached(page);
}

void PagePool::copy(PageId from, PageId to) { std::memcpy(addresses_[to], addresses_[from], page_bytes_); }

}  // namespace trivium
