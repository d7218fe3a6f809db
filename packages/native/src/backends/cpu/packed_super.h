// Panels of super-blocks (Q4_K, Q5_K, Q6_K): 16 rows interleaved like the blocks of 32 in packed_matrix.h, so
// that kernels walk them 32 columns at a time, a part, and read one linear stream. Nibbles lie as in Q4Block;
// the bits above them in planes of their own, beside the nibbles of their part. Six-bit scales and minima
// become bytes and blocks whole cache lines, which is all that grows: 148/144, 180/176 and 212/210 bytes a
// row and super-block. Knows bytes, no arithmetic.
#pragma once
#include <cstddef>
#include <cstdint>

#include "backends/cpu/packed_matrix.h"
#include "tensor/super_blocks.h"

namespace trivium::cpu {

inline constexpr int super_parts = super_elements / block_columns;

struct Q4SuperBlock {
  static constexpr int columns = super_elements, scales_a_part = 1;
  static constexpr bool has_minima = true;
  struct Part {
    std::uint8_t values[4][panel_rows][4];  // (pair of groups, lane, k): a level in each nibble
  };
  std::uint16_t scale[panel_rows], minimum[panel_rows];  // f16
  std::uint8_t scales[super_parts][1][panel_rows];       // 0 to 63
  std::uint8_t minima[super_parts][panel_rows];          // 0 to 63
  Part parts[super_parts];
};
struct Q5SuperBlock {
  static constexpr int columns = super_elements, scales_a_part = 1;
  static constexpr bool has_minima = true;
  struct Part {
    std::uint8_t values[4][panel_rows][4];
    std::uint8_t high[panel_rows][4];  // bit g: the fifth bit of group g
  };
  std::uint16_t scale[panel_rows], minimum[panel_rows];
  std::uint8_t scales[super_parts][1][panel_rows];
  std::uint8_t minima[super_parts][panel_rows];
  Part parts[super_parts];
};
struct Q6SuperBlock {
  static constexpr int columns = super_elements, scales_a_part = 2;  // each of 16 columns
  static constexpr bool has_minima = false;
  struct Part {
    std::uint8_t values[4][panel_rows][4];
    std::uint8_t high[2][panel_rows][4];  // (half, lane, k): bits 2g, 2g + 1 of the half's group g
  };
  std::uint16_t scale[panel_rows], padding[panel_rows];
  std::int8_t scales[super_parts][2][panel_rows];
  Part parts[super_parts];
};

std::size_t super_panel_bytes(DType dtype, std::int64_t columns);
// `count` rows of the source, each `columns` long, become the first lanes of `panel`; the others stay as they are.
void pack_super(DType dtype, const std::byte* rows, std::int64_t count, std::int64_t columns,
                std::byte* panel);
// One lane back as float32, bit for bit what decode_row() makes of the source.
void unpack_super(DType dtype, const std::byte* panel, std::int64_t lane, std::int64_t columns,
                  float* destination);

}  // namespace trivium::cpu
