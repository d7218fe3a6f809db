// Attention of up to four queries over the same blocks of 64 keys, merged in their order with a running
// maximum. Keys lie transposed, so the scores of a block grow together, each adding its products in the order
// of channels; values are added in the order of keys. Queries share loads and nothing else: each runs the
// very same sums alone, so what it gets depends on its keys only, not on the step or the tile that computed
// it. Memory of keys that a query does not see may hold anything: it is read, never used.
#pragma once
#include <algorithm>
#include <cmath>

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/math.h"
#include "backends/cpu/kernels/unrolled.h"

namespace trivium::cpu {

// A block of keys and values, as its type lies.
template <class V, class Element>
struct PlainBlock {
  static constexpr int group = 0;  // channels that share a scale; 0: there are no scales
  const Element *keys, *values;
  std::int64_t stride;
  PlainBlock(const KeyBlock& block, const AttentionKeys& all, int)
      : keys(reinterpret_cast<const Element*>(block.keys)),
        values(reinterpret_cast<const Element*>(block.values)),
        stride(all.value_stride) {}
  auto key(int d, int at) const { return V::load_element(keys + d * page_tokens + at); }
  auto value(int t, int d) const { return V::load_element(values + t * stride + d); }
  float value_at(int t, int d) const { return V::to_float(values[t * stride + d]); }
};

template <class V>
struct ByteBlock {
  static constexpr int group = block_columns;
  const std::int8_t *keys, *values;
  const Half *key_scales, *value_scales;
  int head_dim;
  ByteBlock(const KeyBlock& block, const AttentionKeys&, int head_dim)
      : keys(reinterpret_cast<const std::int8_t*>(block.keys)),
        values(reinterpret_cast<const std::int8_t*>(block.values)),
        key_scales(reinterpret_cast<const Half*>(keys + page_tokens * head_dim)),
        value_scales(reinterpret_cast<const Half*>(values + page_tokens * head_dim)),
        head_dim(head_dim) {}
  float value_scale(int t, int d) const {
    return V::to_float(value_scales[t * (head_dim / group) + d / group]);
  }
  auto key(int d, int at) const { return V::load_bytes(keys + d * page_tokens + at); }
  auto key_scale(int d, int at) const { return V::load_f16(&key_scales[d / group * page_tokens + at].bits); }
  auto value(int t, int d) const {
    return V::mul(V::load_bytes(values + t * head_dim + d), V::set(value_scale(t, d)));
  }
  float value_at(int t, int d) const { return values[t * head_dim + d] * value_scale(t, d); }
};

template <class V, class Block, int Count>
struct AttentionTile {
  using Reg = typename V::Reg;
  static constexpr int width = V::width;
  static constexpr int keys = page_tokens;
  static constexpr int together =
      std::min(8 / Count, keys / width);  // registers of one query: Count * together <= 8

  struct Seen {
    int first, end;  // keys of the block, in [0, 64]; first == end: none
  };

  // scores (Count, keys) = scale * query · key
  static void score(const AttentionQuery* queries, const Block& block, int head_dim, float scale,
                    float (*scores)[keys]) {
    const int step = Block::group > 0 ? Block::group : head_dim;
    for (int at = 0; at < keys; at += together * width)
      for (int first = 0; first < head_dim; first += step) {
        Reg sum[Count][together];
        unrolled<Count>([&](auto q) { unrolled<together>([&](auto i) { sum[q][i] = V::set(0); }); });
        for (int d = first; d < first + step; ++d) {
          Reg key[together];
          unrolled<together>([&](auto i) { key[i] = block.key(d, at + i * width); });
          unrolled<Count>([&](auto q) {
            const Reg channel = V::set(queries[q].query[d]);
            unrolled<together>([&](auto i) { sum[q][i] = V::fma(channel, key[i], sum[q][i]); });
          });
        }
        unrolled<together>([&](auto i) {
          Reg factor = V::set(scale);
          if constexpr (Block::group > 0) factor = V::mul(factor, block.key_scale(first, at + i * width));
          unrolled<Count>([&](auto q) {
            float* score = scores[q] + at + i * width;
            V::store(score, first == 0 ? V::mul(sum[q][i], factor) : V::fma(sum[q][i], factor, V::load(score)));
          });
        });
      }
  }

  static float exp_of(float x) {
    alignas(64) float lanes[width];
    V::store(lanes, vector_exp<V>(V::set(x)));
    return lanes[0];
  }

  // Scores of one query become weights, zero where it does not see; returns what earlier sums shrink by.
  static float soften(float* scores, Seen seen, float& largest, float& total) {
    std::fill(scores, scores + seen.first, -INFINITY);
    std::fill(scores + seen.end, scores + keys, -INFINITY);
    Reg top = V::load(scores);
    for (int i = width; i < keys; i += width) top = V::max(top, V::load(scores + i));
    const float peak = std::max(largest, V::largest(top));
    const float fade = largest == -INFINITY ? 0.0f : largest == peak ? 1.0f : exp_of(largest - peak);
    for (int i = 0; i < keys; i += width)
      V::store(scores + i, vector_exp<V>(V::sub(V::load(scores + i), V::set(peak))));
    std::fill(scores, scores + seen.first, 0.0f);
    std::fill(scores + seen.end, scores + keys, 0.0f);
    Reg sum = V::load(scores);
    for (int i = width; i < keys; i += width) sum = V::add(sum, V::load(scores + i));
    total = total * fade + V::sum(sum);
    largest = peak;
    return fade;
  }

  // Channels [d, d + Registers * width) of every query's sum: faded, then value rows in the order of keys.
  // Rows that all queries see are loaded once for all; those before and after, for whom they concern.
  template <int Registers>
  static void mix(const AttentionQuery* queries, const float (*weights)[keys], const Seen* seen,
                  const float* fades, const Block& block, int d) {
    int first = 0, end = keys;
    for (int q = 0; q < Count; ++q) first = std::max(first, seen[q].first), end = std::min(end, seen[q].end);
    end = std::max(first, end);
    Reg sum[Count][Registers];
    const auto alone = [&](auto q, int from, int to) __attribute__((always_inline)) {
      for (int t = from; t < to; ++t)
        unrolled<Registers>([&](auto i) {
          sum[q][i] =
              V::fma(V::set(weights[q][t]), block.value(t, d + i * width), sum[q][i]);
        });
    };
    unrolled<Count>([&](auto q) {
      unrolled<Registers>(
          [&](auto i) { sum[q][i] = V::mul(V::load(queries[q].out + d + i * width), V::set(fades[q])); });
      alone(q, seen[q].first, std::min(first, seen[q].end));
    });
    for (int t = first; t < end; ++t) {
      Reg row[Registers];
      unrolled<Registers>([&](auto i) { row[i] = block.value(t, d + i * width); });
      unrolled<Count>([&](auto q) {
        const Reg weight = V::set(weights[q][t]);
        unrolled<Registers>([&](auto i) { sum[q][i] = V::fma(weight, row[i], sum[q][i]); });
      });
    }
    unrolled<Count>([&](auto q) {
      alone(q, std::max(end, seen[q].first), seen[q].end);
      unrolled<Registers>([&](auto i) { V::store(queries[q].out + d + i * width, sum[q][i]); });
    });
  }

  static void add_values(const AttentionQuery* queries, const float (*weights)[keys], const Seen* seen,
                         const float* fades, const Block& block, int head_dim) {
    int d = 0;
    for (; d + together * width <= head_dim; d += together * width)
      mix<together>(queries, weights, seen, fades, block, d);
    for (; d + width <= head_dim; d += width) mix<1>(queries, weights, seen, fades, block, d);
    for (; d < head_dim; ++d)
      for (int q = 0; q < Count; ++q) {
        float sum = queries[q].out[d] * fades[q];
        for (int t = seen[q].first; t < seen[q].end; ++t)
          sum = std::fma(weights[q][t], block.value_at(t, d), sum);
        queries[q].out[d] = sum;
      }
  }

  static void run(const AttentionQuery* queries, const AttentionKeys& all, int head_dim, float scale) {
    alignas(64) float scores[Count][keys];
    float largest[Count], total[Count], fades[Count];
    std::int64_t begin = queries[0].begin, end = queries[0].end;
    for (int q = 0; q < Count; ++q) {
      std::fill_n(queries[q].out, head_dim, 0.0f);
      largest[q] = -INFINITY;
      total[q] = 0;
      begin = std::min(begin, queries[q].begin);
      end = std::max(end, queries[q].end);
    }
    for (std::int64_t start = begin / keys * keys; start < end; start += keys) {
      const Block block(all.blocks[start / keys], all, head_dim);
      score(queries, block, head_dim, scale, scores);
      Seen seen[Count];
      for (int q = 0; q < Count; ++q) {
        seen[q].first = static_cast<int>(std::clamp<std::int64_t>(queries[q].begin - start, 0, keys));
        seen[q].end = static_cast<int>(std::clamp<std::int64_t>(queries[q].end - start, seen[q].first, keys));
        fades[q] = seen[q].first == seen[q].end ? 1.0f : soften(scores[q], seen[q], largest[q], total[q]);
      }
      add_values(queries, scores, seen, fades, block, head_dim);
    }
    for (int q = 0; q < Count; ++q) {
      const float inverse = total[q] > 0 ? 1.0f / total[q] : 0.0f;
      for (int d = 0; d < head_dim; ++d) queries[q].out[d] *= inverse;
    }
  }
};

template <class V>
struct AttentionKernel {
  template <class Block>
  static void run_typed(const AttentionQuery* queries, int count, const AttentionKeys& all, int head_dim,
                        float scale) {
    switch (count) {
      case 1:
        return AttentionTile<V, Block, 1>::run(queries, all, head_dim, scale);
      case 2:
        return AttentionTile<V, Block, 2>::run(queries, all, head_dim, scale);
      case 3:
        return AttentionTile<V, Block, 3>::run(queries, all, head_dim, scale);
      default:
        return AttentionTile<V, Block, 4>::run(queries, all, head_dim, scale);
    }
  }

  static void run(const AttentionQuery* queries, int count, const AttentionKeys& all, int head_dim,
                  float scale) {
    if (all.dtype == DType::q8_0)
      run_typed<ByteBlock<V>>(queries, count, all, head_dim, scale);
    else if (all.dtype == DType::f16)
      run_typed<PlainBlock<V, Half>>(queries, count, all, head_dim, scale);
    else
      run_typed<PlainBlock<V, float>>(queries, count, all, head_dim, scale);
  }
};

}  // namespace trivium::cpu
