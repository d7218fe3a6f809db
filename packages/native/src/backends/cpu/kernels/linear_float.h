// Linear over panels of floats: tiles of up to 6 rows by 16 outputs held in registers, slabs of k that keep
// the panel in the first cache. Each output adds its products in the order of k, one fused multiply-add each,
// whatever the tile, so a row's result does not depend on the rows beside it.
#pragma once
#include <algorithm>
#include <cstdint>

#include "backends/cpu/kernels/unrolled.h"
#include "backends/cpu/kernels/write_tile.h"
#include "backends/cpu/packed_matrix.h"

namespace trivium::cpu {

template <class V, class Element>
struct LinearFloat {
  using Reg = typename V::Reg;
  static constexpr int parts = panel_rows / V::width;  // registers a panel row
  static constexpr std::int64_t slab = 256;

  // Adds k in [0, depth) of `rows` rows to a tile of out; the first slab starts from zero.
  template <int Rows>
  static void tile(const float* x, std::int64_t x_stride, const Element* panel, std::int64_t depth,
                   bool first, float* out, std::int64_t out_stride) {
    Reg sum[Rows][parts];
    unrolled<Rows>([&](auto r) {
      unrolled<parts>(
          [&](auto p) { sum[r][p] = first ? V::set(0) : V::load(out + r * out_stride + p * V::width); });
    });
    for (std::int64_t k = 0; k < depth; ++k) {
      Reg w[parts];
      unrolled<parts>([&](auto p) { w[p] = V::load_element(panel + k * panel_rows + p * V::width); });
      unrolled<Rows>([&](auto r) {
        const Reg value = V::set(x[r * x_stride + k]);
        unrolled<parts>([&](auto p) { sum[r][p] = V::fma(value, w[p], sum[r][p]); });
      });
    }
    unrolled<Rows>([&](auto r) {
      unrolled<parts>([&](auto p) { V::store(out + r * out_stride + p * V::width, sum[r][p]); });
    });
  }

  static void rows_of_tile(std::int64_t rows, const float* x, std::int64_t x_stride, const Element* panel,
                           std::int64_t depth, bool first, float* out, std::int64_t out_stride) {
    switch (rows) {
      case 1:
        return tile<1>(x, x_stride, panel, depth, first, out, out_stride);
      case 2:
        return tile<2>(x, x_stride, panel, depth, first, out, out_stride);
      case 3:
        return tile<3>(x, x_stride, panel, depth, first, out, out_stride);
      case 4:
        return tile<4>(x, x_stride, panel, depth, first, out, out_stride);
      case 5:
        return tile<5>(x, x_stride, panel, depth, first, out, out_stride);
      default:
        return tile<6>(x, x_stride, panel, depth, first, out, out_stride);
    }
  }

  // A strip of rows against one panel, slab by slab.
  static void strip_of_panel(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t panel,
                             float* tiles) {
    const auto* elements = reinterpret_cast<const Element*>(w.panel(panel));
    const std::int64_t tile_rows = even_tiles(rows, 6);
    for (std::int64_t k = 0; k < w.columns; k += slab)
      for (std::int64_t r = 0; r < rows; r += tile_rows)
        rows_of_tile(std::min(tile_rows, rows - r), x + r * w.columns + k, w.columns,
                     elements + k * panel_rows, std::min(slab, w.columns - k), k == 0, tiles + r * panel_rows,
                     panel_rows);
  }

  static void run(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first,
                  std::int64_t last, const float* bias, float* out) {
    constexpr std::int64_t most = 96;
    // Rows that stay in the second cache while all panels pass.
    const std::int64_t strip =
        std::clamp<std::int64_t>((std::int64_t(80) << 10) / w.columns / 6 * 6, 6, most);
    alignas(64) float tiles[most * panel_rows];
    for (std::int64_t begin = 0; begin < rows; begin += strip)
      for (std::int64_t panel = first; panel < last; ++panel) {
        const std::int64_t count = std::min(strip, rows - begin);
        strip_of_panel(x + begin * w.columns, count, w, panel, tiles);
        write_tile<V>(tiles, count, w, panel, bias, out + begin * w.rows);
      }
  }
};

}  // namespace trivium::cpu
