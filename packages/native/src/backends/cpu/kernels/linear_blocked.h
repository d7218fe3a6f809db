// Linear over panels of quantized blocks: an exact integer dot of 32 products a block (Dot, per instruction set), scaled
// and added in the order of the blocks. Integer sums are exact, so only that order counts, and it is the same for any
// number of rows.
#pragma once
#include <algorithm>
#include <cstdint>

#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kernels/write_tile.h"

namespace trivium::cpu {

template <class V, class Dot, class Block>
struct LinearBlocked {
  using Reg = typename V::Reg;
  using Int = typename Dot::Int;
  static constexpr int parts = panel_rows / V::width;

  template <int Rows>
  static void tile(const QuantizedRows& x, std::int64_t first_row, const Block* blocks, std::int64_t block_count, float* out) {
    Reg sum[Rows][parts];
    for (int r = 0; r < Rows; ++r)
      for (int p = 0; p < parts; ++p) sum[r][p] = V::set(0);
    for (std::int64_t b = 0; b < block_count; ++b) {
      const std::int8_t* values[Rows];
      std::int32_t sums[Rows];
      for (int r = 0; r < Rows; ++r) {
        values[r] = x.values + ((first_row + r) * block_count + b) * block_columns;
        sums[r] = x.sums[(first_row + r) * block_count + b];
      }
      Int dots[Rows][parts];
      Dot::template block<Rows>(blocks[b], values, sums, dots);
      for (int p = 0; p < parts; ++p) {
        const Reg scale = V::load_f16(blocks[b].scale + p * V::width);
        for (int r = 0; r < Rows; ++r) {
          const Reg both = V::mul(scale, V::set(x.scales[(first_row + r) * block_count + b]));
          sum[r][p] = V::fma(Dot::to_float(dots[r][p]), both, sum[r][p]);
        }
      }
    }
    for (int r = 0; r < Rows; ++r)
      for (int p = 0; p < parts; ++p) V::store(out + r * panel_rows + p * V::width, sum[r][p]);
  }

  static void rows_of_tile(std::int64_t rows, const QuantizedRows& x, std::int64_t first_row, const Block* blocks,
                           std::int64_t block_count, float* out) {
    switch (rows) {
      case 1: return tile<1>(x, first_row, blocks, block_count, out);
      case 2: return tile<2>(x, first_row, blocks, block_count, out);
      case 3: return tile<3>(x, first_row, blocks, block_count, out);
      default: return tile<4>(x, first_row, blocks, block_count, out);
    }
  }

  static void run(const QuantizedRows& x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                  const float* bias, float* out) {
    const std::int64_t block_count = w.columns / block_columns;
    // Rows whose values stay in the second cache while all panels pass.
    const std::int64_t strip = std::max<std::int64_t>(4, (std::int64_t(192) << 10) / w.columns / 4 * 4);
    alignas(64) float tiles[4 * panel_rows];
    for (std::int64_t begin = 0; begin < rows; begin += strip)
      for (std::int64_t panel = first; panel < last; ++panel) {
        const auto* blocks = reinterpret_cast<const Block*>(w.panel(panel));
        const std::int64_t end = std::min(rows, begin + strip);
        for (std::int64_t r = begin; r < end; r += 4) {
          const std::int64_t count = std::min<std::int64_t>(4, end - r);
          rows_of_tile(count, x, r, blocks, block_count, tiles);
          write_tile<V>(tiles, count, w, panel, bias, out + r * w.rows);
        }
      }
  }
};

}  // namespace trivium::cpu
