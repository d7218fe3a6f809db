// The reference codecs, written for exactness and not for speed: every rounding happens in float32 in the order that
// the published formats define, so the bytes equal those of PyPI's `gguf`. Knows rows, not tensors; refuses nothing:
// callers have checked dtype and length. Bytes are little-endian, as is every machine the engine runs on.
#include "tensor/codecs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "tensor/super_blocks.h"
#include "tensor/tensor.h"

namespace trivium {
namespace {

static_assert(std::endian::native == std::endian::little);
constexpr std::size_t block = 32;

std::uint16_t load_u16(const std::byte* source) {
  std::uint16_t value;
  std::memcpy(&value, source, sizeof value);
  return value;
}

// 1 / d, or 0 for a block of zeros.
float inverse(float d) { return d == 0 ? 0.0f : 1.0f / d; }

// Half away from zero, in the two exact steps of the format's definition. Clamped, for values that are not finite.
int round_half_away(float value) {
  const float magnitude = std::fabs(value), whole = std::floor(magnitude);
  const float rounded = whole + std::floor(2 * (magnitude - whole));
  if (!(rounded <= 127)) return value < 0 ? -127 : 127;
  return value < 0 ? -static_cast<int>(rounded) : static_cast<int>(rounded);
}

// Q8_0: f16 d, then 32 int8.
void decode_q8_0(const std::byte* source, float* destination) {
  const float d = f16_to_f32(load_u16(source));
  for (std::size_t i = 0; i < block; ++i) {
    destination[i] = static_cast<float>(static_cast<std::int8_t>(source[2 + i])) * d;
  }
}

void encode_q8_0(const float* source, std::byte* destination) {
  // By their bits, in which every number is below infinity and that below NaN: what is no number makes the scale none.
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < block; ++i) largest = std::max(largest, std::bit_cast<std::uint32_t>(source[i]) & 0x7FFFFFFF);
  const float d = std::bit_cast<float>(largest) / 127, scale = inverse(d);
  const std::uint16_t stored = f32_to_f16(d);
  std::memcpy(destination, &stored, sizeof stored);
  for (std::size_t i = 0; i < block; ++i) {
    destination[2 + i] = static_cast<std::byte>(static_cast<std::uint8_t>(round_half_away(source[i] * scale)));
  }
}

// Q4_0: f16 d, then 16 bytes; byte i holds element i in its low nibble and element i + 16 in its high one.
void decode_q4_0(const std::byte* source, float* destination) {
  const float d = f16_to_f32(load_u16(source));
  for (std::size_t i = 0; i < block / 2; ++i) {
    const int both = static_cast<int>(source[2 + i]);
    destination[i] = d * static_cast<float>((both & 15) - 8);
    destination[i + block / 2] = d * static_cast<float>((both >> 4) - 8);
  }
}

void encode_q4_0(const float* source, std::byte* destination) {
  float extreme = source[0];  // the element of largest magnitude, the first of equals, with its sign
  for (std::size_t i = 1; i < block; ++i) {
    if (std::fabs(source[i]) > std::fabs(extreme)) extreme = source[i];
  }
  const float d = extreme / -8, scale = inverse(d);
  const std::uint16_t stored = f32_to_f16(d);
  std::memcpy(destination, &stored, sizeof stored);
  const auto level = [&](float value) {
    const float shifted = value * scale + 8.5f;
    return shifted > 0 ? static_cast<int>(std::min(shifted, 15.0f)) : 0;
  };
  for (std::size_t i = 0; i < block / 2; ++i) {
    destination[2 + i] = static_cast<std::byte>(level(source[i]) | (level(source[i + block / 2]) << 4));
  }
}

}  // namespace

float f16_to_f32(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t exponent = (bits >> 10) & 31, mantissa = bits & 0x3FF;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000 | (mantissa << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;  // subnormal: exact in float32
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

std::uint16_t f32_to_f16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7FFFFFFF;
  std::uint32_t half;
  if (magnitude > 0x7F800000) {
    half = 0x7E00 | ((magnitude >> 13) & 0x3FF);  // quiet, with what fits of the payload
  } else if (magnitude >= 0x47800000) {
    half = 0x7C00;  // 65536 and above
  } else if (magnitude >= 0x38800000) {
    // Rounding may carry into the exponent and on into infinity: that is the right answer.
    const std::uint32_t rebased = magnitude - 0x38000000;
    half = (rebased + 0xFFF + ((rebased >> 13) & 1)) >> 13;
  } else {
    // Subnormal: adding 0.5 puts the unit of the result at 2^-24, so the addition rounds to nearest even.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    half = std::bit_cast<std::uint32_t>(shifted) - 0x3F000000;
  }
  return static_cast<std::uint16_t>(sign | half);
}

float bf16_to_f32(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

std::uint16_t f32_to_bf16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<std::uint16_t>((bits >> 16) | 64);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

void decode_row(DType dtype, const std::byte* source, float* destination, std::size_t elements) {
  switch (dtype) {
    case DType::f32: std::memcpy(destination, source, elements * sizeof(float)); return;
    case DType::f16:
      for (std::size_t i = 0; i < elements; ++i) destination[i] = f16_to_f32(load_u16(source + 2 * i));
      return;
    case DType::bf16:
      for (std::size_t i = 0; i < elements; ++i) destination[i] = bf16_to_f32(load_u16(source + 2 * i));
      return;
    case DType::q8_0:
      for (std::size_t i = 0; i < elements; i += block) decode_q8_0(source + i / block * 34, destination + i);
      return;
    case DType::q4_0:
      for (std::size_t i = 0; i < elements; i += block) decode_q4_0(source + i / block * 18, destination + i);
      return;
    case DType::q4_k:
    case DType::q5_k:
    case DType::q6_k:
      for (std::size_t i = 0; i < elements; i += super_elements)
        decode_super(open_super(dtype, source + row_bytes(dtype, static_cast<std::int64_t>(i))), dtype, destination + i);
      return;
    case DType::i32:
      for (std::size_t i = 0; i < elements; ++i) {
        std::int32_t value;
        std::memcpy(&value, source + 4 * i, sizeof value);
        destination[i] = static_cast<float>(value);
      }
      return;
  }
}

void encode_row(DType dtype, const float* source, std::byte* destination, std::size_t elements) {
  const auto store_u16 = [&](std::size_t i, std::uint16_t value) { std::memcpy(destination + 2 * i, &value, 2); };
  switch (dtype) {
    case DType::f32: std::memcpy(destination, source, elements * sizeof(float)); return;
    case DType::f16:
      for (std::size_t i = 0; i < elements; ++i) store_u16(i, f32_to_f16(source[i]));
      return;
    case DType::bf16:
      for (std::size_t i = 0; i < elements; ++i) store_u16(i, f32_to_bf16(source[i]));
      return;
    case DType::q8_0:
      for (std::size_t i = 0; i < elements; i += block) encode_q8_0(source + i, destination + i / block * 34);
      return;
    case DType::q4_0:
      for (std::size_t i = 0; i < elements; i += block) encode_q4_0(source + i, destination + i / block * 18);
      return;
    case DType::q4_k:
    case DType::q5_k:
    case DType::q6_k:
      for (std::size_t i = 0; i < elements; i += super_elements)
        close_super(quantize_super(dtype, source + i), dtype, destination + row_bytes(dtype, static_cast<std::int64_t>(i)));
      return;
    case DType::i32:
      for (std::size_t i = 0; i < elements; ++i) {
        const float clamped = std::clamp(source[i], -0x1p31f, 0x1.fffffep30f);
        const std::int32_t value = std::isnan(clamped) ? 0 : static_cast<std::int32_t>(clamped);
        std::memcpy(destination + 4 * i, &value, sizeof value);
      }
      return;
  }
}

}  // namespace trivium
