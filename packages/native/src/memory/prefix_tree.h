// Which prefixes of token ids are already in pages: a tree whose edges are full pages of 64 tokens, so that a path from
// the root spells a prefix and names its pages. Knows token ids and page counts, not sequences or models.
// Invariants: the tree holds one count of each of its pages; a node is used no later than its parent, so the tail of
// the use list is a leaf; whoever holds a node's page holds the pages of all its ancestors (adopting and publishing go
// from the root), so a node whose page only the tree holds has no descendant that somebody else holds.
// Engine thread only. Must outlive the memories that hold its nodes.
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "memory/page_pool.h"

namespace trivium {

class PrefixTree {
 public:
  explicit PrefixTree(PagePool& pool) : pool_(pool) {}
  ~PrefixTree();

  struct Node {
    PageId page = -1;
    Node* parent = nullptr;                                            // null: the root's child
    std::map<std::vector<std::int32_t>, std::unique_ptr<Node>> children;  // key: (page_tokens) token ids
    std::map<std::vector<std::int32_t>, std::unique_ptr<Node>>::iterator self;
    std::list<Node*>::iterator use;
  };

  // The child of `parent` (null: the root) that these page_tokens tokens lead to, null when absent. A node stays valid
  // while its page is held by somebody besides the tree.
  Node* find(Node* parent, std::span<const std::int32_t> tokens);
  // The same, made with `page` when absent: the tree then counts on the page too.
  Node* insert(Node* parent, std::span<const std::int32_t> tokens, PageId page);
  void touch(Node* node);  // node and its ancestors become the most recently used

  bool can_evict() const { return pool_.idle_cached() > 0; }
  void evict();            // the least recently used page that only the tree holds
  int nodes() const { return int(uses_.size()); }

 private:
  using Children = std::map<std::vector<std::int32_t>, std::unique_ptr<Node>>;
  Children& children_of(Node* parent) { return parent == nullptr ? root_ : parent->children; }

  PagePool& pool_;
  Children root_;
  std::list<Node*> uses_;  // most recent first
};

}  // namespace trivium
