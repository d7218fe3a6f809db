// From a tile of one panel to the rows of the output, bias added: the only place that knows the last panel is
// padded.
#pragma once
#include <algorithm>
#include <cstdint>

#include "backends/cpu/packed_matrix.h"

namespace trivium::cpu {

// The height of tiles that cut `rows` evenly: at most `most`, as few tiles as that allows.
inline std::int64_t even_tiles(std::int64_t rows, std::int64_t most) {
  const std::int64_t tiles = (rows + most - 1) / most;
  return (rows + tiles - 1) / tiles;
}

// tile (rows, panel_rows) -> out (rows, w.rows) at the panel's columns.
template <class V>
void write_tile(const float* tile, std::int64_t rows, const PackedMatrix& w, std::int64_t panel,
                const float* bias, float* out) {
  const std::int64_t column = panel * panel_rows;
  const std::int64_t lanes = std::min<std::int64_t>(panel_rows, w.rows - column);
  for (std::int64_t r = 0; r < rows; ++r, tile += panel_rows, out += w.rows)
    for (std::int64_t lane = 0; lane < lanes; lane += V::width) {
      const int left = static_cast<int>(std::min<std::int64_t>(V::width, lanes - lane));
      auto value = V::load(tile + lane);
      if (left == V::width) {
        if (bias) value = V::add(value, V::load(bias + column + lane));
        V::store(out + column + lane, value);
      } else {
        if (bias) value = V::add(value, V::load_part(bias + column + lane, left));
        V::store_part(out + column + lane, value, left);
      }
    }
}

}  // namespace trivium::cpu
