// The super-blocks of Q4_K, Q5_K and Q6_K: 256 elements with one f16 scale, cut into sub-blocks that have small integer
// scales of their own. Here they lie open, one field a thing, between their packed bytes and whoever reads them: the
// reference codec, the quantizer and the backends that pack panels. Knows one super-block, no rows and no tensors.
//
//   Q4_K, Q5_K   8 sub-blocks of 32:   value = scale * scales[s] * level - minimum * minima[s]     levels of 4, 5 bits
//   Q6_K         16 sub-blocks of 16:  value = scale * scales[s] * (level - 32)                    levels of 6 bits
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace trivium {

inline constexpr std::size_t super_elements = 256;

struct SuperBlock {
  std::uint16_t scale = 0, minimum = 0;               // f16; Q6_K has no minima
  std::array<std::int8_t, 16> scales{};               // Q4_K, Q5_K: 8 of them, 0 to 63; Q6_K: 16, signed
  std::array<std::uint8_t, 8> minima{};               // 0 to 63
  std::array<std::uint8_t, super_elements> levels{};  // below 16, 32, 64
};

inline bool is_super(DType dtype) { return dtype == DType::q4_k || dtype == DType::q5_k || dtype == DType::q6_k; }

SuperBlock open_super(DType dtype, const std::byte* source);
void close_super(const SuperBlock& block, DType dtype, std::byte* destination);

// float32 values, each step rounded as the published definition does: bit-exact with PyPI's `gguf`.
void decode_super(const SuperBlock& block, DType dtype, float* destination);

// The nearest super-block that a least-squares search finds (quantize_super.cpp says how, and how near that is).
SuperBlock quantize_super(DType dtype, const float* source);

}  // namespace trivium
