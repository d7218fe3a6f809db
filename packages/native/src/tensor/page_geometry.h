// The layout of a KV page, known to memory/ (which owns pages) and to backends (which fill and read them).
// A page holds page_tokens consecutive positions of one sequence for every layer:
//   page = layers x { K: (kv_heads, page_tokens, head_dim), V: (kv_heads, page_tokens, head_dim) } in `dtype`.
// Q8_0 takes heads of a multiple of 32 channels.
#pragma once
#include <cstddef>

#include "tensor/tensor.h"

namespace trivium {

inline constexpr int page_tokens = 64;

struct PageGeometry {
  int layers = 0;
  int kv_heads = 0;
  int head_dim = 0;
  DType dtype = DType::f32;  // f32, f16 or q8_0

  std::size_t head_bytes() const { return page_tokens * row_bytes(dtype, head_dim); }
  std::size_t layer_bytes() const { return 2 * std::size_t(kv_heads) * head_bytes(); }
  std::size_t page_bytes() const { return std::size_t(layers) * layer_bytes(); }
  std::size_t key_offset(int layer, int kv_head) const { return layer * layer_bytes() + kv_head * head_bytes(); }
  std::size_t value_offset(int layer, int kv_head) const {
    return layer * layer_bytes() + (kv_heads + std::size_t(kv_head)) * head_bytes();
  }
  bool operator==(const PageGeometry& other) const = default;
};

}  // namespace trivium
