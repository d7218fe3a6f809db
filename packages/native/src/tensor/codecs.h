// Reference codecs: block formats <-> float32, one row at a time. Bit-exact with ggml's published formats
// (checked against PyPI's `gguf`), but for encoding Q4_K, Q5_K and Q6_K, which has no one right answer: see
// quantize_super.cpp. Kernels may do this faster; this is what they are tested against.
#pragma once
#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace trivium {

float f16_to_f32(std::uint16_t bits);
std::uint16_t f32_to_f16(float value);   // round to nearest even
float bf16_to_f32(std::uint16_t bits);
std::uint16_t f32_to_bf16(float value);  // round to nearest even, NaN kept quiet

// Goes up with any change to the bytes that encode_row() gives: files keep what it gave.
inline constexpr int encoders_version = 2;

// `elements` must be a multiple of the dtype's block_elements.
void decode_row(DType dtype, const std::byte* source, float* destination, std::size_t elements);
void encode_row(DType dtype, const float* source, std::byte* destination, std::size_t elements);

}  // namespace trivium
