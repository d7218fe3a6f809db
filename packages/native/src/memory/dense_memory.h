// The dense policy: every position of the sequence is kept and read. Copy on write: the one page a step can write into
// beside fresh ones is the last, partly filled page; truncate() may have left a published one there, which reserve() copies.
// Knows pages, counts and token ids (for sharing prefixes). Later policies stand beside this file behind Memory.
// Invariants: it holds one count of each of its pages; path_[i] is the tree's node of page i, and that node's page IS
// pages_[i], so identical full pages of several sequences are one page.
#pragma once
#include "memory/page_pool.h"
#include "memory/prefix_tree.h"

namespace trivium {

class DenseMemory final : public Memory {
 public:
  DenseMemory(PagePool& pool, PrefixTree& tree) : pool_(pool), tree_(tree) {}
  ~DenseMemory() override { truncate(0); }

  int tokens() const override { return tokens_; }
  bool can_reserve(int tokens) const override;
  Status reserve(int tokens) override;  // at least so many beyond tokens(); not added to an earlier reservation
  void advance(int tokens) override;
  std::span<const PageId> pages() const override { return pages_; }
  void truncate(int tokens) override;
  int adopt(std::span<const std::int32_t> token_ids) override;
  void publish(std::span<const std::int32_t> token_ids) override;

  static int pages_for(int tokens) { return tokens / page_tokens + (tokens % page_tokens != 0); }

 private:
  bool must_copy_last() const;
  Result<PageId> take_page();  // from the pool, evicting unused prefixes if need be

  PagePool& pool_;
  PrefixTree& tree_;
  std::vector<PageId> pages_;
  std::vector<PrefixTree::Node*> path_;  // nodes of the first pages_, as far as they were adopted or published
  int tokens_ = 0, reserved_ = 0;
};

}  // namespace trivium
