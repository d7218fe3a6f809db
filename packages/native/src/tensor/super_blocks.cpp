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

// Q4_K, Q5_K: 32 bytes of nibbles serve two sub-blocks, low and high.
struct NibblePlace { std::size_t byte; int shift; };
NibblePlace nibble_of(std::size_t element) { return {element / 64 * 32 + element % 32, element % 64 < 32 ? 0 : 4}; }

// Q6_K: each half of 128 elements has 64 bytes of nibbles (four runs of 32: two low, two high) and 32 bytes of pairs.
struct SixBitPlace { std::size_t low; int low_shift; std::size_t high; int high_shift; };
SixBitPlace six_bits_of(std::size_t element) {
  const std::size_t half = element / 128, run = element % 128 / 32, at = element % 32;
  return {half * 64 + run % 2 * 32 + at, run < 2 ? 0 : 4, half * 32 + at, static_cast<int>(2 * run)};
}

template <class T>
void copy_from(const std::byte* source, T& value) { std::memcpy(&value, source, sizeof value); }
template <class T>
void copy_to(std::byte* destination, const T& value) { std::memcpy(destination, &value, sizeof value); }

SuperBlock open_q6_k(const std::byte* source) {
  SuperBlock block;
  const auto byte = [&](std::size_t i) { return static_cast<int>(source[i]); };
  for (std::size_t i = 0; i < super_elements; ++i) {
    const SixBitPlace at = six_bits_of(i);
    block.levels[i] = static_cast<std::uint8_t>((byte(at.low) >> at.low_shift & 15) | (byte(128 + at.high) >> at.high_shift & 3) << 4);
  }
  copy_from(source + 192, block.scales);
  copy_from(source + 208, block.scale);
  return block;
}

void close_q6_k(const SuperBlock& block, std::byte* destination) {
  std::memset(destination, 0, 192);
  for (std::size_t i = 0; i < super_elements; ++i) {
    const SixBitPlace at = six_bits_of(i);
    destination[at.low] |= static_cast<std::byte>((block.levels[i] & 15) << at.low_shift);
    destination[128 + at.high] |= static_cast<std::byte>(block.levels[i] >> 4 << at.high_shift);
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
  for (std::size_t i = 0; i < super_elements; ++i) {
    const NibblePlace at = nibble_of(i);
    block.levels[i] = static_cast<std::uint8_t>(bytes[at.byte] >> at.shift & 15);
    if (fifth) block.levels[i] |= static_cast<std::uint8_t>((fifth[i % 32] >> (i / 32) & 1) << 4);
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
  for (std::size_t i = 0; i < super_elements; ++i) {
    const NibblePlace at = nibble_of(i);
    bytes[at.byte] |= static_cast<std::uint8_t>((block.levels[i] & 15) << at.shift);
    if (fifth) fifth[i % 32] |= static_cast<std::uint8_t>(block.levels[i] >> 4 << (i / 32));
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
