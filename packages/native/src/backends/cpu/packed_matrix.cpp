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

constexpr std::int64_t strip_bytes = std::int64_t(1) << 19;

template <class Element>
void pack_plain(const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  auto* out = reinterpret_cast<Element*>(panel);
  const auto* in = reinterpret_cast<const Element*>(rows);
  for (std::int64_t k = 0; k < columns; ++k)
    for (std::int64_t lane = 0; lane < count; ++lane) out[k * panel_rows + lane] = in[lane * columns + k];
}

void pack_q8(const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  auto* blocks = reinterpret_cast<Q8Block*>(panel);
  const std::int64_t per_row = columns / block_columns;
  for (std::int64_t b = 0; b < per_row; ++b)
    for (std::int64_t lane = 0; lane < count; ++lane) {
      const std::byte* in = rows + (lane * per_row + b) * q8_source_bytes;
      std::memcpy(&blocks[b].scale[lane], in, 2);
      std::uint32_t groups[8];
      std::memcpy(groups, in + 2, sizeof groups);
      for (int group = 0; group < 8; ++group) {
        const std::uint32_t shifted = groups[group] ^ 0x80808080u;  // + 128
        std::memcpy(blocks[b].values[group][lane], &shifted, sizeof shifted);
      }
    }
}

void pack_q4(const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  auto* blocks = reinterpret_cast<Q4Block*>(panel);
  const std::int64_t per_row = columns / block_columns;
  constexpr std::uint32_t low = 0x0F0F0F0Fu;
  for (std::int64_t b = 0; b < per_row; ++b)
    for (std::int64_t lane = 0; lane < count; ++lane) {
      const std::byte* in = rows + (lane * per_row + b) * q4_source_bytes;
      std::memcpy(&blocks[b].scale[lane], in, 2);
      std::uint32_t both[4];  // word i: group i low, group i + 4 high
      std::memcpy(both, in + 2, sizeof both);
      const std::uint32_t pairs[4] = {(both[0] & low) | (both[1] & low) << 4, (both[2] & low) | (both[3] & low) << 4,
                                      (both[0] >> 4 & low) | (both[1] & ~low), (both[2] >> 4 & low) | (both[3] & ~low)};
      for (int pair = 0; pair < 4; ++pair)
        std::memcpy(blocks[b].values[pair][lane], &pairs[pair], sizeof pairs[pair]);
    }
}

void pack_panel(DType dtype, const std::byte* rows, std::int64_t count, std::int64_t columns, std::byte* panel) {
  if (dtype == DType::f32) return pack_plain<float>(rows, count, columns, panel);
  if (dtype == DType::f16 || dtype == DType::bf16) return pack_plain<std::uint16_t>(rows, count, columns, panel);
  if (dtype == DType::q8_0) return pack_q8(rows, count, columns, panel);
  if (dtype == DType::q4_0) return pack_q4(rows, count, columns, panel);
  pack_super(dtype, rows, count, columns, panel);
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
  LargeBytes bytes(matrix.panel_bytes() * matrix.panels());
  // A strip of panels is read at a time, so that the source never stands beside the packed form whole and whoever else
  // computes has its turn in between. Whichever thread is free reads a panel, and with that encodes it, and packs it.
  const std::int64_t strip = std::max<std::int64_t>(1, strip_bytes / std::max<std::int64_t>(1, std::int64_t(row) * panel_rows));
  std::vector<std::byte> rows(row * std::size_t(std::min(strip * panel_rows, matrix.rows)));
  for (std::int64_t first = 0; first < matrix.panels(); first += strip) {
    const std::int64_t panels = std::min(strip, matrix.panels() - first);
    std::vector<Status> read(panels);
    ThreadPool::instance().run(panels, [&](std::size_t p) {
      const std::int64_t index = first + std::int64_t(p), first_row = index * panel_rows;
      const std::int64_t count = std::min<std::int64_t>(panel_rows, matrix.rows - first_row);
      std::byte* in = rows.data() + p * panel_rows * row;
      std::byte* panel = bytes.data() + index * matrix.panel_bytes();
      read[p] = source.read_rows(first_row, count, in);
      if (!read[p].ok()) return;
      if (count < panel_rows) std::memset(panel, 0, matrix.panel_bytes());
      pack_panel(matrix.dtype, in, count, matrix.columns, panel);
    });
    for (Status& status : read) TRIVIUM_TRY(std::move(status));
  }
  matrix.bytes = HeldBytes(std::move(bytes));
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
