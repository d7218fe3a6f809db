// Pieces that were tokenised before. Bounded: a full cache is emptied. Not thread-safe: each call borrows its
// own.
#pragma once
#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/model.h"

namespace trivium {

class WordCache {
 public:
  static constexpr std::size_t longest_piece = 64, max_pieces = 1 << 15;

  static std::uint64_t hash_of(std::string_view piece) {
    std::uint64_t hash = piece.size() * 0x9E3779B97F4A7C15u;
    for (std::size_t i = 0; i < piece.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, piece.data() + i, std::min<std::size_t>(8, piece.size() - i));
      hash = (hash ^ word) * 0xD6E8FEB86659FD93u;
      hash ^= hash >> 32;
    }
    return hash;
  }

  // Empty data() when the piece is not known.
  std::span<const Symbol> find(std::string_view piece, std::uint64_t hash) const {
    if (slots_.empty()) return {};
    for (std::size_t at = hash & mask_; slots_[at].used; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.hash == hash && std::string_view(keys_).substr(slot.key, slot.length) == piece) {
        return {symbols_.data() + slot.symbols, slot.count};
      }
    }
    return {};
  }

  void insert(std::string_view piece, std::uint64_t hash, std::span<const Symbol> symbols) {
    if (symbols.empty()) return;
    if (pieces_ == max_pieces) clear();
    if (pieces_ * 2 >= slots_.size()) grow();
    place({hash, static_cast<std::uint32_t>(keys_.size()), static_cast<std::uint32_t>(symbols_.size()),
           static_cast<std::uint16_t>(piece.size()), static_cast<std::uint16_t>(symbols.size()), true});
    keys_.append(piece);
    symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
    ++pieces_;
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t key = 0, symbols = 0;
    std::uint16_t length = 0, count = 0;
    bool used = false;
  };
  void place(const Slot& slot) {
    std::size_t at = slot.hash & mask_;
    while (slots_[at].used) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.used) place(slot);
    }
  }
  void clear() {
    std::fill(slots_.begin(), slots_.end(), Slot());
    keys_.clear();
    symbols_.clear();
    pieces_ = 0;
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0, pieces_ = 0;
  std::string keys_;
  std::vector<Symbol> symbols_;
};

}  // namespace trivium
