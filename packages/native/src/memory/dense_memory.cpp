#include "memory/dense_memory.h"

#include <algorithm>

namespace trivium {

bool DenseMemory::must_copy_last() const {
  const int last = tokens_ / page_tokens;  // the page the next position goes to
  return tokens_ % page_tokens != 0 && pool_.count(pages_[last]) > 1;
}

bool DenseMemory::can_reserve(int tokens) const {
  if (tokens <= 0) return true;
  int room = pool_.available() + pool_.idle_cached();
  const int wanted = std::max(0, pages_for(tokens_ + tokens) - int(pages_.size()));
  if (must_copy_last()) {
    if (room == 0) return false;
    const PageId last = pages_[tokens_ / page_tokens];
    room -= 1;
    room += pool_.count(last) == 2 && pool_.is_cached(last);  // once copied, only the tree holds it
  }
  return wanted <= room;
}

Result<PageId> DenseMemory::take_page() {
  if (pool_.available() == 0 && tree_.can_evict()) tree_.evict();
  return pool_.allocate();
}

Status DenseMemory::reserve(int tokens) {
  if (tokens <= 0) return {};
  if (must_copy_last()) {
    const int last = tokens_ / page_tokens;
    TRIVIUM_TRY_ASSIGN(const PageId copy, take_page());
    pool_.copy(pages_[last], copy);
    pool_.release(pages_[last]);
    pages_[last] = copy;
  }
  const std::size_t before = pages_.size();
  const std::size_t wanted = pages_for(tokens_ + tokens);
  while (pages_.size() < wanted) {
    auto page = take_page();
    if (!page.ok()) {
      for (; pages_.size() > before; pages_.pop_back()) pool_.release(pages_.back());
      return std::move(page.error());
    }
    pages_.push_back(*page);
  }
  reserved_ = std::max(reserved_, tokens);
  return {};
}

void DenseMemory::advance(int tokens) {
  tokens = std::clamp(tokens, 0, reserved_);
  tokens_ += tokens;
  reserved_ -= tokens;
}

void DenseMemory::truncate(int tokens) {
  tokens_ = std::clamp(tokens, 0, tokens_);
  reserved_ = 0;
  const std::size_t kept = pages_for(tokens_);
  path_.resize(std::min<std::size_t>(path_.size(), tokens_ / page_tokens));
  for (; pages_.size() > kept; pages_.pop_back()) pool_.release(pages_.back());
}

int DenseMemory::adopt(std::span<const std::int32_t> token_ids) {
  const int before = tokens_;
  // A gap in the path would leave pages the tree does not know below the adopted ones.
  if (tokens_ % page_tokens != 0 || reserved_ > 0 || int(path_.size()) * page_tokens != tokens_) return 0;
  while (std::size_t(tokens_) + page_tokens <= token_ids.size()) {
    auto* node = tree_.find(path_.empty() ? nullptr : path_.back(), token_ids.subspan(tokens_, page_tokens));
    if (node == nullptr) break;
    pool_.retain(node->page);
    pages_.push_back(node->page);
    path_.push_back(node);
    tokens_ += page_tokens;
  }
  if (tokens_ > before) tree_.touch(path_.back());
  return tokens_ - before;
}

void DenseMemory::publish(std::span<const std::int32_t> token_ids) {
  const int full = int(std::min<std::size_t>(tokens_, token_ids.size())) / page_tokens;
  if (int(path_.size()) >= full) return;
  for (int i = int(path_.size()); i < full; ++i) {
    auto* parent = path_.empty() ? nullptr : path_.back();
    const auto page_ids = token_ids.subspan(std::size_t(i) * page_tokens, page_tokens);
    auto* node = tree_.find(parent, page_ids);
    if (node == nullptr) node = tree_.insert(parent, page_ids, pages_[i]);
    if (node->page != pages_[i]) {  // somebody was first: the same tokens have the same bytes (law of order)
      pool_.retain(node->page);
      pool_.release(pages_[i]);
      pages_[i] = node->page;
    }
    path_.push_back(node);
  }
  if (!path_.empty()) tree_.touch(path_.back());
}

}  // namespace trivium
