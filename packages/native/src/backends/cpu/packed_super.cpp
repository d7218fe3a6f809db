#include "backends/cpu/packed_super.h"

#include <cstring>
#include <type_traits>

#include "tensor/tensor.h"

namespace trivium::cpu {
namespace {

struct Place {
  int part, group, k;  // of an element of a super-block
};
Place place_of(std::size_t element) {
  const int within = int(element % block_columns);
  return {int(element / block_columns), within / 4, within % 4};
}

constexpr std::uint32_t low_nibbles = 0x0F0F0F0Fu;

// The lane of a panel's super-block from an open one: scales first, then levels, four at a time.
template <class Block>
void put(const SuperBlock& from, Block& to, std::int64_t lane) {
  to.scale[lane] = from.scale;
  if constexpr (!Block::has_minima) to.padding[lane] = 0;
  for (int part = 0; part < super_parts; ++part) {
    for (int i = 0; i < Block::scales_a_part; ++i)
      to.scales[part][i][lane] = from.scales[Block::scales_a_part * part + i];
    if constexpr (Block::has_minima) {
      to.minimum[lane] = from.minimum;
      to.minima[part][lane] = from.minima[part];
    }
  }
  for (int part = 0; part < super_parts; ++part) {
    std::uint32_t groups[8];  // of 4 levels
    std::memcpy(groups, from.levels.data() + part * block_columns, sizeof groups);
    for (int pair = 0; pair < 4; ++pair) {
      const std::uint32_t nibbles = (groups[2 * pair] & low_nibbles) | (groups[2 * pair + 1] & low_nibbles) << 4;
      std::memcpy(to.parts[part].values[pair][lane], &nibbles, sizeof nibbles);
    }
    if constexpr (std::is_same_v<Block, Q5SuperBlock>) {
      std::uint32_t bits = 0;
      for (int group = 0; group < 8; ++group) bits |= (groups[group] >> 4 & 0x01010101u) << group;
      std::memcpy(to.parts[part].high[lane], &bits, sizeof bits);
    }
    if constexpr (std::is_same_v<Block, Q6SuperBlock>) {
      for (int half = 0; half < 2; ++half) {
        std::uint32_t pairs = 0;
        for (int group = 0; group < 4; ++group) pairs |= (groups[4 * half + group] >> 4 & 0x03030303u) << 2 * group;
        std::memcpy(to.parts[part].high[half][lane], &pairs, sizeof pairs);
      }
    }
  }
}

template <class Block>
SuperBlock get(const Block& from, std::int64_t lane) {
  SuperBlock to;
  to.scale = from.scale[lane];
  for (int part = 0; part < super_parts; ++part) {
    for (int i = 0; i < Block::scales_a_part; ++i)
      to.scales[Block::scales_a_part * part + i] = static_cast<std::int8_t>(from.scales[part][i][lane]);
    if constexpr (Block::has_minima) {
      to.minimum = from.minimum[lane];
      to.minima[part] = from.minima[part][lane];
    }
  }
  for (std::size_t i = 0; i < super_elements; ++i) {
    const auto [part, group, k] = place_of(i);
    int level = from.parts[part].values[group / 2][lane][k] >> (group % 2 * 4) & 15;
    if constexpr (std::is_same_v<Block, Q5SuperBlock>)
      level |= (from.parts[part].high[lane][k] >> group & 1) << 4;
    if constexpr (std::is_same_v<Block, Q6SuperBlock>)
      level |= (from.parts[part].high[group / 4][lane][k] >> (group % 4 * 2) & 3) << 4;
    to.levels[i] = static_cast<std::uint8_t>(level);
  }
  return to;
}

// body(Block*) with the panel's own type of block.
template <class Byte, class Body>
void with_blocks(DType dtype, Byte* panel, const Body& body) {
  const auto as = [&]<class Block>(Block*) {
    if constexpr (std::is_const_v<Byte>)
      body(reinterpret_cast<const Block*>(panel));
    else
      body(reinterpret_cast<Block*>(panel));
  };
  if (dtype == DType::q4_k) return as(static_cast<Q4SuperBlock*>(nullptr));
  if (dtype == DType::q5_k) return as(static_cast<Q5SuperBlock*>(nullptr));
  as(static_cast<Q6SuperBlock*>(nullptr));
}

}  // namespace

std::size_t super_panel_bytes(DType dtype, std::int64_t columns) {
  const std::size_t block = dtype == DType::q4_k   ? sizeof(Q4SuperBlock)
                            : dtype == DType::q5_k ? sizeof(Q5SuperBlock)
                                                   : sizeof(Q6SuperBlock);
  return static_cast<std::size_t>(columns) / super_elements * block;
}

void pack_super(DType dtype, const std::byte* rows, std::int64_t count, std::int64_t columns,
                std::byte* panel) {
  const std::size_t row = row_bytes(dtype, columns), block = info(dtype).block_bytes;
  with_blocks(dtype, panel, [&](auto* blocks) {
    for (std::int64_t b = 0; b < columns / std::int64_t(super_elements); ++b)
      for (std::int64_t lane = 0; lane < count; ++lane)
        put(open_super(dtype, rows + lane * row + b * block), blocks[b], lane);
  });
}

void unpack_super(DType dtype, const std::byte* panel, std::int64_t lane, std::int64_t columns,
                  float* destination) {
  with_blocks(dtype, panel, [&](const auto* blocks) {
    for (std::int64_t b = 0; b < columns / std::int64_t(super_elements); ++b)
      decode_super(get(blocks[b], lane), dtype, destination + b * super_elements);
  });
}

}  // namespace trivium::cpu
