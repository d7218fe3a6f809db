// Attention of one query head over blocks of 64 keys, merged in their order with a running maximum. Keys lie transposed,
// so 64 scores grow together, each adding its products in the order of channels; values are added in the order of keys.
// What a query gets therefore depends on its keys alone, not on the step that computed it.
#pragma once
#include <algorithm>
#include <cmath>

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/math.h"

namespace trivium::cpu {

template <class V>
struct AttentionKernel {
  using Reg = typename V::Reg;
  static constexpr int width = V::width;
  static constexpr int keys = 64;
  static constexpr int most_head_dim = 1024;

  template <class Element>
  static void scores_of(const float* query, const Element* transposed, int head_dim, float scale, float* scores) {
    constexpr int registers = keys / width;
    Reg sum[registers];
    for (int i = 0; i < registers; ++i) sum[i] = V::set(0);
    for (int d = 0; d < head_dim; ++d) {
      const Reg q = V::set(query[d] * scale);
      for (int i = 0; i < registers; ++i) sum[i] = V::fma(q, V::load_element(transposed + d * keys + i * width), sum[i]);
    }
    for (int i = 0; i < registers; ++i) V::store(scores + i * width, sum[i]);
  }

  template <class Element>
  static void run_typed(const float* query, const KeyBlock* blocks, int block_count, int head_dim, float scale, float* out) {
    alignas(64) float scores[keys], weights[keys];
    alignas(64) float sum[most_head_dim];
    std::fill_n(sum, head_dim, 0.0f);
    float largest = -INFINITY, total = 0;
    for (int b = 0; b < block_count; ++b) {
      const KeyBlock& block = blocks[b];
      if (block.first >= block.end) continue;
      scores_of(query, reinterpret_cast<const Element*>(block.keys), head_dim, scale, scores);
      const float top = std::max(largest, *std::max_element(scores + block.first, scores + block.end));
      const float fade = largest == -INFINITY ? 0.0f : std::exp(largest - top);
      for (int i = 0; i < keys; i += width) V::store(weights + i, vector_exp<V>(V::sub(V::load(scores + i), V::set(top))));
      total *= fade;
      for (int t = block.first; t < block.end; ++t) total += weights[t];
      add_values(weights, block, reinterpret_cast<const Element*>(block.values), head_dim, fade, sum);
      largest = top;
    }
    const float inverse = total > 0 ? 1.0f / total : 0.0f;
    for (int d = 0; d < head_dim; ++d) out[d] = sum[d] * inverse;
  }

  template <class Element>
  static void add_values(const float* weights, const KeyBlock& block, const Element* values, int head_dim, float fade, float* sum) {
    const int whole = head_dim / width * width;
    constexpr int most = 4;
    for (int d = 0; d < whole;) {
      const int registers = std::min(most, (whole - d) / width);
      Reg acc[most];
      for (int i = 0; i < registers; ++i) acc[i] = V::mul(V::load(sum + d + i * width), V::set(fade));
      for (int t = block.first; t < block.end; ++t) {
        const Reg w = V::set(weights[t]);
        const Element* row = values + t * block.value_stride + d;
        for (int i = 0; i < registers; ++i) acc[i] = V::fma(w, V::load_element(row + i * width), acc[i]);
      }
      for (int i = 0; i < registers; ++i) V::store(sum + d + i * width, acc[i]);
      d += registers * width;
    }
    for (int d = whole; d < head_dim; ++d) {
      float acc = sum[d] * fade;
      for (int t = block.first; t < block.end; ++t) acc = std::fma(weights[t], V::to_float(values[t * block.value_stride + d]), acc);
      sum[d] = acc;
    }
  }

  static void run(const float* query, const KeyBlock* blocks, int block_count, DType dtype, int head_dim, float scale, float* out) {
    if (dtype == DType::f16)
      run_typed<Half>(query, blocks, block_count, head_dim, scale, out);
    else
      run_typed<float>(query, blocks, block_count, head_dim, scale, out);
  }
};

}  // namespace trivium::cpu
