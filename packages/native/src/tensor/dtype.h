// Element types and block formats as rows of one table. A new dtype is a row here plus its codec in codecs.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace trivium {

enum class DType : std::uint8_t { f32, f16, bf16, q8_0, q4_0, q4_k, q5_k, q6_k, i32 };

struct DTypeInfo {
  DType dtype;
  std::string_view name;         // "F32", "Q8_0": as GGUF and safetensors spell it
  int gguf_type;                 // id in a GGUF tensor table, -1: none
  std::size_t block_elements;    // elements per block, 1 for plain types
  std::size_t block_bytes;       // bytes per block
};

const DTypeInfo& info(DType dtype);
std::optional<DType> dtype_from_gguf(std::uint32_t type);
std::optional<DType> dtype_from_safetensors(std::string_view name);  // "F32", "F16", "BF16", "I32"
// The names of all GGUF types known to exist, for an error that says what was found ("Q2_K").
std::string_view gguf_type_name(std::uint32_t type);

}  // namespace trivium
