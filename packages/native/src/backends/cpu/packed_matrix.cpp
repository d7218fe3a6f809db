#include "backends/cpu/packed_matrix.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "backends/cpu/packed_super.h"
#include "base/thread_pool.h"
#include "tensor/codecs.h"

namespace trivium::cpu {
namespace {

// ggml's blocks of 32: { f16 scale, int8[32] } and { f16 scale, 16 bytes: k in the low, k + 16 in the high
// nibble }.
constexpr std::size_t q8_source_bytes = 34, q4_source_bytes = 18;

template <class Element>
void pack_plain(const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  auto* out = reinterpret_cast<Element*>(panel);
  for (std::int64_t lane = 0; lane < count; ++lane) {
    const auto* in = reinterpret_cast<const Element*>(rows) + lane * columns;
    for (std::int64_t k = 0; k < columns; ++k) out[k * panel_rows + lane] = in[k];
  }
}

void pack_q8(const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  auto* blocks = reinterpret_cast<Q8Block*>(panel);
  const std::int64_t per_row = columns / block_columns;
  for (std::int64_t lane = 0; lane < count; ++lane)
    for (std::int64_t b = 0; b < per_row; ++b) {
      const std::byte* in = rows + (lane * per_row + b) * q8_source_bytes;
      std::memcpy(&blocks[b].scale[lane], in, 2);
      std::int8_t values[block_columns];
      std::memcpy(values, in + 2, block_columns);
      for (int k = 0; k < block_columns; ++k)
        blocks[b].values[k / 4][lane][k % 4] = static_cast<std::uint8_t>(values[k] + 128);
    }
}

void pack_q4(const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  auto* blocks = reinterpret_cast<Q4Block*>(panel);
  const std::int64_t per_row = columns / block_columns;
  for (std::int64_t lane = 0; lane < count; ++lane)
    for (std::int64_t b = 0; b < per_row; ++b) {
      const std::byte* in = rows + (lane * per_row + b) * q4_source_bytes;
      std::memcpy(&blocks[b].scale[lane], in, 2);
      const auto nibble = [&](int k) {
        const auto byte = static_cast<std::uint8_t>(in[2 + k % 16]);
        return static_cast<std::uint8_t>(k < 16 ? byte & 15 : byte >> 4);
      };
      for (int k = 0; k < block_columns; ++k) {
        const int group = k / 4;
        std::uint8_t& to = blocks[b].values[group / 2][lane][k % 4];
        to = static_cast<std::uint8_t>(group % 2 == 0 ? (to & 0xF0) | nibble(k)
                                                      : (to & 0x0F) | (nibble(k) << 4));
      }
    }
}

Error unsupported(const WeightSource& source) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message =
      "The tensor " + source.name + " cannot be packed from " + std::string(info(source.dtype).name) + ".";
  error.field = source.name;
  return error;
}

}  // namespace

std::size_t PackedMatrix::panel_bytes() const {
  switch (dtype) {
    case DType::f32:
      return std::size_t(columns) * panel_rows * 4;
    case DType::f16:
    case DType::bf16:
      return std::size_t(columns) * panel_rows * 2;
    case DType::q8_0:
      return std::size_t(columns / block_columns) * sizeof(Q8Block);
    case DType::q4_0:
      return std::size_t(columns / block_columns) * sizeof(Q4Block);
    case DType::q4_k:
    case DType::q5_k:
    case DType::q6_k:
      return super_panel_bytes(dtype, columns);
    case DType::i32:
      return 0;
  }
  return 0;
}

Result<PackedMatrix> pack_matrix(const WeightSource& source) {
  PackedMatrix matrix;
  matrix.dtype = source.dtype;
  matrix.rows = source.shape.rows();
  matrix.columns = source.shape.columns();
  if (source.dtype == DType::i32 || matrix.columns % std::int64_t(info(source.dtype).block_elements) != 0)
    return unsupported(source);
  const std::size_t row = row_bytes(source.dtype, matrix.columns);
  matrix.bytes.assign(matrix.panel_bytes() * matrix.panels(), std::byte{0});
  // A strip of panels is read at a time, so the source never stands beside the packed form whole.
  const std::int64_t strip = std::max<std::int64_t>(
      1, (std::int64_t(1) << 20) / std::max<std::int64_t>(1, std::int64_t(row) * panel_rows));
  std::vector<std::byte> rows;
  for (std::int64_t first = 0; first < matrix.panels(); first += strip) {
    const std::int64_t panels = std::min(strip, matrix.panels() - first);
    const std::int64_t count = std::min(panels * panel_rows, matrix.rows - first * panel_rows);
    rows.resize(row * count);
    TRIVIUM_TRY(source.read_rows(first * panel_rows, count, rows.data()));
    ThreadPool::instance().run(panels, [&](std::size_t p) {
      const std::int64_t begin = std::int64_t(p) * panel_rows;
      const std::int64_t lanes = std::min<std::int64_t>(panel_rows, count - begin);
      std::byte* panel = matrix.bytes.data() + (first + p) * matrix.panel_bytes();
      const std::byte* in = rows.data() + begin * row;
      if (matrix.dtype == DType::f32) pack_plain<float>(in, lanes, matrix.columns, panel);
      if (matrix.dtype == DType::f16 || matrix.dtype == DType::bf16)
        pack_plain<std::uint16_t>(in, lanes, matrix.columns, panel);
      if (matrix.dtype == DType::q8_0) pack_q8(in, lanes, matrix.columns, panel);
      if (matrix.dtype == DType::q4_0) pack_q4(in, lanes, matrix.columns, panel);
      if (is_super(matrix.dtype)) pack_super(matrix.dtype, in, lanes, matrix.columns, panel);
    });
  }
  return matrix;
}

void unpack_row(const PackedMatrix& matrix, std::int64_t row, float* destination) {
  const std::byte* panel = matrix.panel(row / panel_rows);
  const std::int64_t lane = row % panel_rows;
  if (is_super(matrix.dtype)) return unpack_super(matrix.dtype, panel, lane, matrix.columns, destination);
  for (std::int64_t k = 0; k < matrix.columns; ++k) {
    const std::int64_t block = k / block_columns, group = k % block_columns / 4;
    switch (matrix.dtype) {
      case DType::f32:
        destination[k] = reinterpret_cast<const float*>(panel)[k * panel_rows + lane];
        break;
      case DType::f16:
        destination[k] = f16_to_f32(reinterpret_cast<const std::uint16_t*>(panel)[k * panel_rows + lane]);
        break;
      case DType::bf16:
        destination[k] = bf16_to_f32(reinterpret_cast<const std::uint16_t*>(panel)[k * panel_rows + lane]);
        break;
      case DType::q8_0: {
        const Q8Block& b = reinterpret_cast<const Q8Block*>(panel)[block];
        destination[k] = f16_to_f32(b.scale[lane]) * (int(b.values[group][lane][k % 4]) - 128);
        break;
      }
      case DType::q4_0: {
        const Q4Block& b = reinterpret_cast<const Q4Block*>(panel)[block];
        const std::uint8_t byte = b.values[group / 2][lane][k % 4];
        destination[k] = f16_to_f32(b.scale[lane]) * (int(group % 2 == 0 ? byte & 15 : byte >> 4) - 8);
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace trivium::cpu
