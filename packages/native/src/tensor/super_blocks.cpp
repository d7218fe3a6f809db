// Where the bits of a super-block lie. In the file, by bytes:
//   Q4_K  144   f16 scale, f16 minimum, 12 of six-bit scales and minima, 128 of nibbles
//   Q5_K  176   the same with 32 bytes of fifth bits before the nibbles
//   Q6_K  210   128 of low nibbles, 64 of high pairs, 16 int8 scales, f16 scale
#include "tensor/super_blocks.h"

#include <cstring>

#include "tensor/codecs.h"

namespace trivium {
namespace {

constexpr std::size_t packed_scales = 12;

// Six-bit fields: sub-blocks 0 to 3 in the low bits of bytes 0 to 3 (scales) and 4 to 7 (minima); the low nibbles of
// 4 to 7 in bytes 8 to 11, their two high bits on top of bytes 0 to 7.
void open_scales(const std::uint8_t* packed, SuperBlock& block) {
  for (int s = 0; s < 4; ++s) {
    const int a = packed[s], b = packed[4 + s], c = packed[8 + s];
    block.scales[s] = static_cast<std::int8_t>(a & 63);
    block.minima[s] = static_cast<std::uint8_t>(b & 63);
    block.scales[4 + s] = static_cast<std::int8_t>((c & 15) | (a >> 6 << 4));
    block.minima[4 + s] = static_cast<std::uint8_t>((c >> 4) | (b >> 6 << 4));
  }
}

void close_scales(const SuperBlock& block, std::uint8_t* packed) {
  for (int s = 0; s < 4; ++s) {
    const int scale = block.scales[4 + s], minimum = block.minima[4 + s];
    packed[s] = static_cast<std::uint8_t>(block.scales[s] | (scale >> 4 << 6));
    packed[4 + s] = static_cast<std::uint8_t>(block.minima[s] | (minimum >> 4 << 6));
    packed[8 + s] = static_cast<std::uint8_t>((scale & 15) | ((minimum & 15) << 4));
  }
}

template <class T>
void copy_from(const std::byte* source, T& value) { std::memcpy(&value, source, sizeof value); }
template <class T>
void copy_to(std::byte* destination, const T& value) { std::memcpy(destination, &value, sizeof value); }

// Each half of 128 elements has 64 bytes of nibbles (four runs of 32: two low, two high) and 32 bytes of pairs.
SuperBlock open_q6_k(const std::byte* source) {
  SuperBlock block;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(source);
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint8_t *low = bytes + 64 * half, *pairs = bytes + 128 + 32 * half;
    std::uint8_t* const levels = block.levels.data() + 128 * half;
    for (std::size_t i = 0; i < 32; ++i) {
      levels[i] = static_cast<std::uint8_t>((low[i] & 15) | (pairs[i] & 3) << 4);
      levels[32 + i] = static_cast<std::uint8_t>((low[32 + i] & 15) | (pairs[i] >> 2 & 3) << 4);
      levels[64 + i] = static_cast<std::uint8_t>(low[i] >> 4 | (pairs[i] >> 4 & 3) << 4);
      levels[96 + i] = static_cast<std::uint8_t>(low[32 + i] >> 4 | pairs[i] >> 6 << 4);
    }
  }
  copy_from(source + 192, block.scales);
  copy_from(source + 208, block.scale);
  return block;
}

void close_q6_k(const SuperBlock& block, std::byte* destination) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(destination);
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint8_t *low = bytes + 64 * half, *pairs = bytes + 128 + 32 * half;
    const std::uint8_t* const levels = block.levels.data() + 128 * half;
    for (std::size_t i = 0; i < 32; ++i) {
      low[i] = static_cast<std::uint8_t>((levels[i] & 15) | (levels[64 + i] & 15) << 4);
      low[32 + i] = static_cast<std::uint8_t>((levels[32 + i] & 15) | (levels[96 + i] & 15) << 4);
      pairs[i] = static_cast<std::uint8_t>(levels[i] >> 4 | levels[32 + i] >> 4 << 2 | levels[64 + i] >> 4 << 4 |
                                           levels[96 + i] >> 4 << 6);
    }
  }
  copy_to(destination + 192, block.scales);
  copy_to(destination + 208, block.scale);
}

}  // namespace

SuperBlock open_super(DType dtype, const std::byte* source) {
  if (dtype == DType::q6_k) return open_q6_k(source);
  SuperBlock block;
  copy_from(source, block.scale);
  copy_from(source + 2, block.minimum);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(source) + 4;
  open_scales(bytes, block);
  bytes += packed_scales;
  const std::uint8_t* const fifth = dtype == DType::q5_k ? bytes : nullptr;
  if (fifth) bytes += super_elements / 8;
  // 32 bytes of nibbles serve two sub-blocks, low and high; bit s of a fifth byte is of sub-block s.
  for (std::size_t s = 0; s < 8; ++s) {
    std::uint8_t* const levels = block.levels.data() + 32 * s;
    const std::uint8_t* const nibbles = bytes + 32 * (s / 2);
    for (std::size_t i = 0; i < 32; ++i) levels[i] = s % 2 == 0 ? nibbles[i] & 15 : nibbles[i] >> 4;
    if (!fifth) continue;
    for (std::size_t i = 0; i < 32; ++i) levels[i] |= static_cast<std::uint8_t>((fifth[i] >> s & 1) << 4);
  }
  return block;
}

void close_super(const SuperBlock& block, DType dtype, std::byte* destination) {
  if (dtype == DType::q6_k) return close_q6_k(block, destination);
  std::memset(destination, 0, info(dtype).block_bytes);
  copy_to(destination, block.scale);
  copy_to(destination + 2, block.minimum);
  auto* bytes = reinterpret_cast<std::uint8_t*>(destination) + 4;
  close_scales(block, bytes);
  bytes += packed_scales;
  std::uint8_t* const fifth = dtype == DType::q5_k ? bytes : nullptr;
  if (fifth) bytes += super_elements / 8;
  for (std::size_t s = 0; s < 8; ++s) {
    const std::uint8_t* const levels = block.levels.data() + 32 * s;
    std::uint8_t* const nibbles = bytes + 32 * (s / 2);
    for (std::size_t i = 0; i < 32; ++i) nibbles[i] |= static_cast<std::uint8_t>((levels[i] & 15) << (s % 2 * 4));
    if (!fifth) continue;
    for (std::size_t i = 0; i < 32; ++i) fifth[i] |= static_cast<std::uint8_t>(levels[i] >> 4 << s);
  }
}

void decode_super(const SuperBlock& block, DType dtype, float* destination) {
  const float scale = f16_to_f32(block.scale), minimum = f16_to_f32(block.minimum);
  const bool six = dtype == DType::q6_k;
  const std::size_t run = six ? 16 : 32;
  for (std::size_t s = 0; s < super_elements / run; ++s) {
    const float step = scale * static_cast<float>(block.scales[s]);
    const float offset = six ? 0.0f : minimum * static_cast<float>(block.minima[s]);
    for (std::size_t i = s * run; i < (s + 1) * run; ++i) {
      const int level = six ? block.levels[i] - 32 : block.levels[i];
      destination[i] = six ? step * static_cast<float>(level) : step * static_cast<float>(level) - offset;
    }
  }
}

}  // namespace trivium
