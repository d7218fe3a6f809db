// The two tables of tensor/: what we compute with, and the names of everything a GGUF file may hold.
#include "tensor/dtype.h"

#include <array>

namespace trivium {
namespace {

// In the order of the enumeration.
constexpr std::array<DTypeInfo, 9> dtypes{{
    {DType::f32, "F32", 0, 1, 4},
    {DType::f16, "F16", 1, 1, 2},
    {DType::bf16, "BF16", 30, 1, 2},
    {DType::q8_0, "Q8_0", 8, 32, 34},
    {DType::q4_0, "Q4_0", 2, 32, 18},
    {DType::q4_k, "Q4_K", 12, 256, 144},
    {DType::q5_k, "Q5_K", 13, 256, 176},
    {DType::q6_k, "Q6_K", 14, 256, 210},
    {DType::i32, "I32", 26, 1, 4},
}};

// Index: the id in the file. Empty: never assigned, or withdrawn from the format.
constexpr std::array<std::string_view, 42> gguf_names{
    "F32",     "F16",    "Q4_0",    "Q4_1",  "Q4_2",   "Q4_3",     "Q5_0",     "Q5_1",     "Q8_0",
    "Q8_1",    "Q2_K",   "Q3_K",    "Q4_K",  "Q5_K",   "Q6_K",     "Q8_K",     "IQ2_XXS",  "IQ2_XS",
    "IQ3_XXS", "IQ1_S",  "IQ4_NL",  "IQ3_S", "IQ2_S",  "IQ4_XS",   "I8",       "I16",      "I32",
    "I64",     "F64",    "IQ1_M",   "BF16",  "Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8", "TQ1_0",  "TQ2_0",
    "IQ4_NL_4_4", "IQ4_NL_4_8", "IQ4_NL_8_8", "MXFP4", "NVFP4", "Q1_0"};

}  // namespace

const DTypeInfo& info(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)]; }

std::optional<DType> dtype_from_gguf(std::uint32_t type) {
  for (const DTypeInfo& row : dtypes) {
    if (row.gguf_type >= 0 && static_cast<std::uint32_t>(row.gguf_type) == type) return row.dtype;
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_safetensors(std::string_view name) {
  for (const DTypeInfo& row : dtypes) {
    if (row.block_elements == 1 && row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::string_view gguf_type_name(std::uint32_t type) { return type < gguf_names.size() ? gguf_names[type] : "unknown"; }

}  // namespace trivium
