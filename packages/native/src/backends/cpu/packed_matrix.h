// A weight matrix in the layout all kernels of this backend walk: panels of 16 output rows, interleaved so
// that one linear stream of the panel feeds 16 rows at a time. The same bytes serve one row of activations
// and five hundred.
//
//   f32, f16, bf16   panel = (columns, 16) elements: W[panel * 16 + lane][k] at [k][lane]
//   q8_0             panel = (columns / 32) blocks of { f16 scale (16), u8 (8 groups of 4 k, 16 lanes, 4):
//                    value + 128 }
//   q4_0             panel = (columns / 32) blocks of { f16 scale (16), u4 (4, 16 lanes, 4): low nibble k
//   group
//                    2g, high nibble group 2g + 1 }
//   q4_k, q5_k, q6_k panel = (columns / 256) super-blocks, see packed_super.h
// The last panel is padded with zero rows. Bits a weight stay those of the source.
#pragma once
#include <cstddef>
#include <cstdint>

#include "backends/backend.h"
#include "base/held_bytes.h"
#include "base/result.h"

namespace trivium::cpu {

// Of everything CpuBuffer::packed() gives; goes up with any change to the layouts above or in packed_super.h.
inline constexpr int packed_layout = 1;

inline constexpr int panel_rows = 16;
inline constexpr int block_columns = 32;
inline constexpr std::size_t cache_line = 64;

struct Q8Block {
  static constexpr int columns = block_columns;
  std::uint16_t scale[panel_rows];        // f16
  std::uint8_t values[8][panel_rows][4];  // (group of 4 k, lane, k): value + 128
};
struct Q4Block {
  static constexpr int columns = block_columns;
  std::uint16_t scale[panel_rows];        // f16
  std::uint8_t values[4][panel_rows][4];  // (pair of groups, lane, k): value + 8 in each nibble
};

// Kernels of these types read activations in eight bits.
inline bool is_blocked(DType dtype) { return info(dtype).block_elements > 1; }

struct PackedMatrix {
  DType dtype = DType::f32;
  std::int64_t rows = 0, columns = 0;
  HeldBytes bytes;  // (panels, panel_bytes)

  std::int64_t panels() const { return (rows + panel_rows - 1) / panel_rows; }
  std::size_t panel_bytes() const;
  const std::byte* panel(std::int64_t index) const { return bytes.data() + index * panel_bytes(); }
};

Result<PackedMatrix> pack_matrix(const WeightSource& source);
// One row back as float32: what EmbedRows reads from a tied matrix.
void unpack_row(const PackedMatrix& matrix, std::int64_t row, float* destination);

}  // namespace trivium::cpu
