#include "memory/prefix_tree.h"

namespace trivium {

PrefixTree::~PrefixTree() {
  // Leaves first: the tail of the use list is always one, and a path may be too long to unwind by recursion.
  while (!uses_.empty()) {
    Node* node = uses_.back();
    uses_.pop_back();
    pool_.set_cached(node->page, false);
    pool_.release(node->page);
    children_of(node->parent).erase(node->self);
  }
}

PrefixTree::Node* PrefixTree::find(Node* parent, std::span<const std::int32_t> tokens) {
  Children& children = children_of(parent);
  if (children.empty()) return nullptr;
  const auto found = children.find({tokens.begin(), tokens.end()});
  return found == children.end() ? nullptr : found->second.get();
}

PrefixTree::Node* PrefixTree::insert(Node* parent, std::span<const std::int32_t> tokens, PageId page) {
  const auto [child, made] = children_of(parent).try_emplace({tokens.begin(), tokens.end()});
  if (made) {
    child->second = std::make_unique<Node>();
    Node& node = *child->second;
    node.page = page;
    node.parent = parent;
    node.self = child;
    uses_.push_front(&node);
    node.use = uses_.begin();
    pool_.retain(page);
    pool_.set_cached(page, true);
    touch(parent);
  }
  return child->second.get();
}

void PrefixTree::touch(Node* node) {
  for (; node != nullptr; node = node->parent) uses_.splice(uses_.begin(), uses_, node->use);
}

void PrefixTree::evict() {
  for (auto use = uses_.rbegin(); use != uses_.rend(); ++use) {
    Node* node = *use;
    if (pool_.count(node->page) != 1 || !node->children.empty()) continue;
    uses_.erase(node->use);
    pool_.set_cached(node->page, false);
    pool_.release(node->page);
    children_of(node->parent).erase(node->self);
    return;
  }
}

}  // namespace trivium
