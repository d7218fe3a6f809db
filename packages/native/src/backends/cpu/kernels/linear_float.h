// Linear over panels of floats: tiles of up to 6 rows by 16 outputs held in registers, slabs of k that keep the panel in
// the first cache. Each output adds its products in the order of k, one fused multiply-add each, whatever the tile, so
// a row's result does not depend on the rows beside it.
#pragma once
#include <algorithm>
#include <cstdint>

#include "backends/cpu/packed_matrix.h"

namespace trivium::cpu {

template <class V, class Element>
struct LinearFloat {
  using Reg = typename V::Reg;
  static constexpr int parts = panel_rows / V::width;  // registers a panel row
  static constexpr std::int64_t slab = 256;

  // Adds k in [0, depth) of `rows` rows to a tile of out; the first slab starts from zero.
  template <int Rows>
  static void tile(const float* x, std::int64_t x_stride, const Element* panel, std::int64_t depth, bool first, float* out,
                   std::int64_t out_stride) {
    Reg sum[Rows][parts];
    for (int r = 0; r < Rows; ++r)
      for (int p = 0; p < parts; ++p) sum[r][p] = first ? V::set(0) : V::load(out + r * out_stride + p * V::width);
    for (std::int64_t k = 0; k < depth; ++k) {
      Reg w[parts];
      for (int p = 0; p < parts; ++p) w[p] = V::load_element(panel + k * panel_rows + p * V::width);
      for (int r = 0; r < Rows; ++r) {
        const Reg value = V::set(x[r * x_stride + k]);
        for (int p = 0; p < parts; ++p) sum[r][p] = V::fma(value, w[p], sum[r][p]);
      }
    }
    for (int r = 0; r < Rows; ++r)
      for (int p = 0; p < parts; ++p) V::store(out + r * out_stride + p * V::width, sum[r][p]);
  }

  static void rows_of_tile(std::int64_t rows, const float* x, std::int64_t x_stride, const Element* panel, std::int64_t depth,
                           bool first, float* out, std::int64_t out_stride) {
    switch (rows) {
      case 1: return tile<1>(x, x_stride, panel, depth, first, out, out_stride);
      case 2: return tile<2>(x, x_stride, panel, depth, first, out, out_stride);
      case 3: return tile<3>(x, x_stride, panel, depth, first, out, out_stride);
      case 4: return tile<4>(x, x_stride, panel, depth, first, out, out_stride);
      case 5: return tile<5>(x, x_stride, panel, depth, first, out, out_stride);
      default: return tile<6>(x, x_stride, panel, depth, first, out, out_stride);
    }
  }

  static void run(const float* x, std::int64_t rows, const PackedMatrix& w, std::int64_t first, std::int64_t last,
                  const float* bias, float* out) {
    constexpr std::int64_t strip = 96;  // rows whose tiles of one panel are gathered before they are written
    alignas(64) float tiles[strip * panel_rows];
    for (std::int64_t panel = first; panel < last; ++panel) {
      const auto* elements = reinterpret_cast<const Element*>(w.panel(panel));
      const std::int64_t lanes = std::min<std::int64_t>(panel_rows, w.rows - panel * panel_rows);
      for (std::int64_t begin = 0; begin < rows; begin += strip) {
        const std::int64_t end = std::min(rows, begin + strip);
        for (std::int64_t k = 0; k < w.columns; k += slab) {
          const std::int64_t depth = std::min(slab, w.columns - k);
          for (std::int64_t r = begin; r < end; r += 6)
            rows_of_tile(std::min<std::int64_t>(6, end - r), x + r * w.columns + k, w.columns, elements + k * panel_rows, depth,
                         k == 0, tiles + (r - begin) * panel_rows, panel_rows);
        }
        for (std::int64_t r = begin; r < end; ++r)
          for (std::int64_t lane = 0; lane < lanes; ++lane) {
            const std::int64_t n = panel * panel_rows + lane;
            out[r * w.rows + n] = tiles[(r - begin) * panel_rows + lane] + (bias ? bias[n] : 0.0f);
          }
      }
    }
  }
};

}  // namespace trivium::cpu
