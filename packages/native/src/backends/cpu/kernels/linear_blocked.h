// Linear over panels of quantized blocks: an exact integer dot of 32 products (Dot, per instruction set), scaled
// and added in the order of the columns. Integer sums are exact, so only that order counts, and it is the same
// for any number of rows. Dot says how many rows make a tile and how many registers of a panel it walks at once.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/unrolled.h"
#include "backends/cpu/kernels/write_tile.h"
#include "backends/cpu/packed_super.h"

namespace trivium::cpu {

// What a tile of an instruction set holds in its registers.
struct TileShape {
  int rows, registers;  // of activations; of the panel
};

template <class V, class Dot, class Block>
struct LinearBlocked {
  using Reg = typename V::Reg;
  using Int = typename Dot::Int;
  static constexpr int parts = panel_rows / V::width;  // registers of a panel
  static constexpr int most_rows = Dot::template shape<Block>.rows;

  // A block of 32 columns.
  template <int Rows, int together>
  [[gnu::always_inline]] static inline void add_block(const Block& block, const QuantizedRows& x, std::int64_t at,
                                                      std::int64_t stride, int part,
                                                      Reg (&sum)[Rows][together]) {
    Int dots[Rows][together];
    Dot::block(block, part, x.values + at * block_columns, stride * block_columns, x.sums + at, stride, dots);
    Reg scale[together];
    unrolled<together>([&](auto i) { scale[i] = V::load_f16(block.scale + (part + i) * V::width); });
    unrolled<Rows>([&](auto r) {
      const Reg of_row = V::set(x.scales[at + r * stride]);
      unrolled<together>([&](auto i) {
        sum[r][i] = V::fma(Dot::to_float(dots[r][i]), V::mul(scale[i], of_row), sum[r][i]);
      });
    });
  }

  // A super-block of 256 columns, 32 at a time: dots come multiplied by the integer scales, exact below 2^24.
  // What the minima take away is theirs times the sum of the activations.
  template <int Rows, int together>
  [[gnu::always_inline]] static inline void add_super(const Block& block, const QuantizedRows& x, std::int64_t at,
                                                      std::int64_t stride, int part,
                                                      Reg (&sum)[Rows][together]) {
    Reg scale[together], minimum[together];
    unrolled<together>([&](auto i) { scale[i] = V::load_f16(block.scale + (part + i) * V::width); });
    if constexpr (Block::has_minima)
      unrolled<together>([&](auto i) { minimum[i] = V::load_f16(block.minimum + (part + i) * V::width); });
    for (int s = 0; s < Block::columns / block_columns; ++s, ++at) {
      Int dots[Rows][together];
      Dot::super_part(block, s, part, x.values + at * block_columns, stride * block_columns, dots);
      unrolled<Rows>([&](auto r) {
        const float row_scale = x.scales[at + r * stride];
        const Reg of_row = V::set(row_scale);
        unrolled<together>([&](auto i) {
          sum[r][i] = V::fma(Dot::to_float(dots[r][i]), V::mul(scale[i], of_row), sum[r][i]);
        });
        if constexpr (Block::has_minima) {
          const Reg of_sum = V::set(-row_scale * static_cast<float>(x.sums[at + r * stride]));
          unrolled<together>([&](auto i) {
            const Reg integer = V::load_bytes(block.minima[s] + (part + i) * V::width);
            sum[r][i] = V::fma(V::mul(minimum[i], integer), of_sum, sum[r][i]);
          });
        }
      });
    }
  }

  // Registers [part, part + together) of the panel, for Rows rows from first_row.
  template <int Rows, int together>
  static void walk(const QuantizedRows& x, std::int64_t first_row, const Block* blocks, std::int64_t columns,
                   int part, float* out) {
    constexpr int parts_of_block = Block::columns / block_columns;
    const std::int64_t stride = columns / block_columns;  // from a row's scales to the next row's
    Reg sum[Rows][together];
    unrolled<Rows>([&](auto r) { unrolled<together>([&](auto i) { sum[r][i] = V::set(0); }); });
    for (std::int64_t b = 0; b < columns / Block::columns; ++b) {
      const std::int64_t at = first_row * stride + b * parts_of_block;
      if constexpr (parts_of_block == 1)
        add_block<Rows, together>(blocks[b], x, at, stride, part, sum);
      else
        add_super<Rows, together>(blocks[b], x, at, stride, part, sum);
    }
    unrolled<Rows>([&](auto r) {
      unrolled<together>([&](auto i) { V::store(out + r * panel_rows + (part + i) * V::width, sum[r][i]); });
    });
  }

  template <int Rows>
  static void tile(const QuantizedRows& x, std::int64_t first_row, const Block* blocks, std::int64_t columns,
                   float* out) {
    // One or two rows live from the stream of weights: they walk it once.
    constexpr int together = Rows <= 2 ? parts : Dot::template shape<Block>.registers;
    for (int part = 0; part < parts; part += together)
      walk<Rows, together>(x, first_row, blocks, columns, part, out);
  }

  template <int... I>
  static constexpr auto tiles_of(std::integer_sequence<int, I...>) {
    return std::array{&tile<I + 1>...};  // [rows - 1]
  }

  static void run(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                  std::int64_t last, const float* bias, float* out) {
    constexpr auto tiles = tiles_of(std::make_integer_sequence<int, most_rows>{});
    // Rows whose values stay in the second cache while all panels pass.
    const std::int64_t strip =
        std::max<std::int64_t>(1, (std::int64_t(192) << 10) / w.columns / most_rows) * most_rows;
    alignas(64) float results[most_rows * panel_rows];
    for (std::int64_t begin = 0; begin < rows; begin += strip) {
      const std::int64_t end = std::min(rows, begin + strip), step = even_tiles(end - begin, most_rows);
      for (std::int64_t panel = first; panel < last; ++panel)
        for (std::int64_t r = begin; r < end; r += step) {
          const std::int64_t count = std::min(step, end - r);
          tiles[count - 1](x, r, reinterpret_cast<const Block*>(w.panel(panel)), w.columns, results);
          write_tile<V>(results, count, w, panel, bias, out + r * w.rows);
        }
    }
  }
};

}  // namespace trivium::cpu
