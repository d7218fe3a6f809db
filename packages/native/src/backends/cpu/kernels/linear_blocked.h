// Linear over panels of quantized blocks: an exact integer dot of 32 products a block (Dot, per instruction
// set), scaled and added in the order of the blocks. Integer sums are exact, so only that order counts, and
// it is the same for any number of rows. Dot says how many rows make a tile and how many registers of a panel
// it walks at once.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/unrolled.h"
#include "backends/cpu/kernels/write_tile.h"

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

  // Registers [part, part + together) of the panel, for Rows rows from first_row.
  template <int Rows, int together>
  static void walk(const QuantizedRows& x, std::int64_t first_row, const Block* blocks,
                   std::int64_t block_count, int part, float* out) {
    Reg sum[Rows][together];
    unrolled<Rows>([&](auto r) { unrolled<together>([&](auto i) { sum[r][i] = V::set(0); }); });
    for (std::int64_t b = 0; b < block_count; ++b) {
      const std::int64_t at =
          first_row * block_count + b;  // of the first row's block; the next row's is block_count on
      Int dots[Rows][together];
      Dot::block(blocks[b], part, x.values + at * block_columns, block_count * block_columns, x.sums + at,
                 block_count, dots);
      Reg scale[together];
      unrolled<together>([&](auto i) { scale[i] = V::load_f16(blocks[b].scale + (part + i) * V::width); });
      unrolled<Rows>([&](auto r) {
        const Reg of_row = V::set(x.scales[at + r * block_count]);
        unrolled<together>([&](auto i) {
          sum[r][i] = V::fma(Dot::to_float(dots[r][i]), V::mul(scale[i], of_row), sum[r][i]);
        });
      });
    }
    unrolled<Rows>([&](auto r) {
      unrolled<together>([&](auto i) { V::store(out + r * panel_rows + (part + i) * V::width, sum[r][i]); });
    });
  }

  template <int Rows>
  static void tile(const QuantizedRows& x, std::int64_t first_row, const Block* blocks,
                   std::int64_t block_count, float* out) {
    // One or two rows live from the stream of weights: they walk it once.
    constexpr int together = Rows <= 2 ? parts : Dot::template shape<Block>.registers;
    for (int part = 0; part < parts; part += together)
      walk<Rows, together>(x, first_row, blocks, block_count, part, out);
  }

  template <int... I>
  static constexpr auto tiles_of(std::integer_sequence<int, I...>) {
    return std::array{&tile<I + 1>...};  // [rows - 1]
  }

  static void run(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                  std::int64_t last, const float* bias, float* out) {
    constexpr auto tiles = tiles_of(std::make_integer_sequence<int, most_rows>{});
    const std::int64_t block_count = w.columns / block_columns;
    // Rows whose values stay in the second cache while all panels pass.
    const std::int64_t strip =
        std::max<std::int64_t>(1, (std::int64_t(192) << 10) / w.columns / most_rows) * most_rows;
    alignas(64) float results[most_rows * panel_rows];
    for (std::int64_t begin = 0; begin < rows; begin += strip) {
      const std::int64_t end = std::min(rows, begin + strip), step = even_tiles(end - begin, most_rows);
      for (std::int64_t panel = first; panel < last; ++panel)
        for (std::int64_t r = begin; r < end; r += step) {
          const std::int64_t count = std::min(step, end - r);
          tiles[count - 1](x, r, reinterpret_cast<const Block*>(w.panel(panel)), block_count, results);
          write_tile<V>(results, count, w, panel, bias, out + r * w.rows);
        }
    }
  }
};

}  // namespace trivium::cpu
