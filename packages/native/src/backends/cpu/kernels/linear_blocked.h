// Linear over panels of quantized blocks: an exact integer dot of 32 products (Dot, per instruction set),
// scaled and added in the order of the columns. Integer sums are exact, so only that order counts, and it is
// the same for any number of rows. Dot says how many rows make a tile and how many registers of a panel it
// walks at once.
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
  static_assert(most_rows % 2 == 0, "both levels of a row lie in one tile");
  // How far the stream of weights is asked for before it is read: what memory delivers in its own latency,
  // and some.
  static constexpr std::size_t bytes_ahead = 4096;

  static void ask_ahead(const void* weights, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i += cache_line)
      __builtin_prefetch(static_cast<const std::byte*>(weights) + bytes_ahead + i);
  }

  // sum += dots of a stretch of columns * the scale of the weights * the scale of each row.
  template <int Rows, int together>
  static void add_scaled(const Int (&dots)[Rows][together], const Reg (&scale)[together],
                         const float* row_scales, std::int64_t stride, Reg (&sum)[Rows][together]) {
    unrolled<Rows>([&](auto r) {
      const Reg of_row = V::set(row_scales[r * stride]);
      unrolled<together>([&](auto i) {
        sum[r][i] = V::fma(Dot::to_float(dots[r][i]), V::mul(scale[i], of_row), sum[r][i]);
      });
    });
  }

  // A block of 32 columns.
  template <int Rows, int together>
  static void add_block(const Block& block, const QuantizedRows& x, std::int64_t at, std::int64_t stride,
                        int part, Reg (&sum)[Rows][together]) {
    ask_ahead(&block, sizeof(Block));
    Int dots[Rows][together];
    Dot::block(block, part, x.values + at * block_columns, stride * block_columns, x.sums + 2 * at,
               2 * stride, dots);
    Reg scale[together];
    unrolled<together>([&](auto i) { scale[i] = V::load_f16(block.scale + (part + i) * V::width); });
    add_scaled(dots, scale, x.scales + at, stride, sum);
  }

  // A super-block of 256 columns, 32 at a time. The product of both scales of the weights is exact; what the
  // minima take away is theirs times the sum of the activations.
  template <int Rows, int together>
  static void add_super(const Block& block, const QuantizedRows& x, std::int64_t at, std::int64_t stride,
                        int part, Reg (&sum)[Rows][together]) {
    Reg scale[together], minimum[together];
    unrolled<together>([&](auto i) { scale[i] = V::load_f16(block.scale + (part + i) * V::width); });
    if constexpr (Block::has_minima)
      unrolled<together>([&](auto i) { minimum[i] = V::load_f16(block.minimum + (part + i) * V::width); });
    for (int s = 0; s < super_parts; ++s, ++at) {
      constexpr std::size_t bytes = sizeof(Block) / super_parts;
      ask_ahead(reinterpret_cast<const std::byte*>(&block) + s * bytes, bytes);
      unrolled<Block::scales_a_part>([&](auto piece) {
        Int dots[Rows][together];
        Dot::template piece<piece>(block.parts[s], x.values + at * block_columns, stride * block_columns,
                                   x.sums + 2 * at, 2 * stride, dots);
        Reg of_piece[together];
        unrolled<together>([&](auto i) {
          of_piece[i] = V::mul(scale[i], V::load_bytes(block.scales[s][piece] + (part + i) * V::width));
        });
        add_scaled(dots, of_piece, x.scales + at, stride, sum);
      });
      if constexpr (Block::has_minima) {
        Reg of_part[together];
        unrolled<together>([&](auto i) {
          of_part[i] = V::mul(minimum[i], V::load_bytes(block.minima[s] + (part + i) * V::width));
        });
        unrolled<Rows>([&](auto r) {
          const std::int64_t row = at + r * stride;
          const Reg of_sum =
              V::set(-x.scales[row] * static_cast<float>(x.sums[2 * row] + x.sums[2 * row + 1]));
          unrolled<together>([&](auto i) { sum[r][i] = V::fma(of_part[i], of_sum, sum[r][i]); });
        });
      }
    }
  }

  // Registers [part, part + together) of the panel, for Rows rows from first_row. Flat: a dot that is called,
  // not inlined, puts its registers on the stack.
  template <int Rows, int together>
  [[gnu::flatten]] static void walk(const QuantizedRows& x, std::int64_t first_row, const Block* blocks,
                                    std::int64_t columns, int part, float* out) {
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

  // (rows, 2, panel_rows) -> (rows, panel_rows), in place.
  static void add_levels(float* results, std::int64_t rows) {
    for (std::int64_t r = 0; r < rows; ++r)
      for (int lane = 0; lane < panel_rows; lane += V::width) {
        const float* level = results + 2 * r * panel_rows + lane;
        V::store(results + r * panel_rows + lane, V::add(V::load(level), V::load(level + panel_rows)));
      }
  }

  static void run(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                  std::int64_t last, const float* bias, float* out) {
    constexpr auto tiles = tiles_of(std::make_integer_sequence<int, most_rows>{});
    const std::int64_t levels = x.levels, most = most_rows / levels;
    // Rows whose values stay in the second cache while all panels pass.
    const std::int64_t strip =
        std::max<std::int64_t>(1, (std::int64_t(192) << 10) / w.columns / most_rows) * most;
    alignas(64) float results[most_rows * panel_rows];
    for (std::int64_t begin = 0; begin < rows; begin += strip) {
      const std::int64_t end = std::min(rows, begin + strip), step = even_tiles(end - begin, most);
      for (std::int64_t panel = first; panel < last; ++panel)
        for (std::int64_t r = begin; r < end; r += step) {
          const std::int64_t count = std::min(step, end - r);
          tiles[count * levels - 1](x, r * levels, reinterpret_cast<const Block*>(w.panel(panel)), w.columns,
                                    results);
          if (levels == 2) add_levels(results, count);
          write_tile<V>(results, count, w, panel, bias, out + r * w.rows);
        }
    }
  }
};

}  // namespace trivium::cpu
