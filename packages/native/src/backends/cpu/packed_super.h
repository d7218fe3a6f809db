// Panels of super-blocks (Q4_K, Q5_K, Q6_K): 16 rows interleaved like the blocks of 32 in packed_matrix.h, so
// that kernels walk them 32 columns at a time. Nibbles lie as in Q4Block; the bits above them in planes of their
// own. Six-bit scales and minima become bytes, which is all that grows: 148/144, 180/176 and 210/210 bytes a row
// and super-block. Knows bytes, no arithmetic.
#pragma once
#include <cstddef>
#include <cstdint>

#include "backends/cpu/packed_matrix.h"
#include "tensor/super_blocks.h"

namespace trivium::cpu {

inline constexpr int super_parts = super_elements / block_columns;

struct Q4SuperBlock {
  static constexpr int columns = super_elements;
  static constexpr bool has_minima = true;
  std::uint16_t scale[panel_rows], minimum[panel_rows];  // f16
  std::uint8_t scales[super_parts][panel_rows];          // 0 to 63
  std::uint8_t minima[super_parts][panel_rows];          // 0 to 63
  std::uint8_t values[super_parts][4][panel_rows][4];    // (part, pair of groups, lane, k): a level in each nibble
};
struct Q5SuperBlock {
  static constexpr int columns = super_elements;
  static constexpr bool has_minima = true;
  std::uint16_t scale[panel_rows], minimum[panel_rows];
  std::uint8_t scales[super_parts][panel_rows];
  std::uint8_t minima[super_parts][panel_rows];
  std::uint8_t values[super_parts][4][panel_rows][4];
  std::uint8_t high[super_parts][panel_rows][4];  // bit g: the fifth bit of group g
};
struct Q6SuperBlock {
  static constexpr int columns = super_elements;
  static constexpr bool has_minima = false;
  std::uint16_t scale[panel_rows];                   // f16
  std::int8_t scales[super_parts][2][panel_rows];    // (part, half of 16 columns, lane)
  std::uint8_t values[super_parts][4][panel_rows][4];
  std::uint8_t high[super_parts][2][panel_rows][4];  // (part, half, lane, k): bits 2g, 2g + 1 of the half's group g
};

std::size_t super_panel_bytes(DType dtype, std::int64_t columns);
// `panel` must be zero; `count` rows of the source, each `columns` long, become its first lanes.
void pack_super(DType dtype, const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel);
// One lane back as float32, bit for bit what decode_row() makes of the source.
void unpack_super(DType dtype, const std::byte* panel, std::int64_t lane, std::int64_t columns, float* destination);

}  // namespace trivium::cpu
