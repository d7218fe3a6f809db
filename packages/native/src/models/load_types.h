// Types that a model is held in where they are not the file's: weights quantized while they are loaded, so that a model of
// F32, F16 or BF16 takes a quarter or half of the memory and no file is written, and keys and values of eight bits.
// Knows types and rows, no kernels.
#pragma once
#include <string_view>

#include "backends/backend.h"
#include "formats/model_file.h"

namespace trivium {

// "q8_0", "q6_k", "q5_k", "q4_k", "q4_0"; any other name is an error that lists them.
Result<DType> load_type_named(std::string_view name);
// "f32", "f16", "q8_0"; any other name is an error that lists them.
Result<DType> kv_type_named(std::string_view name);

// What a weight is held in when `wanted` was asked for. Only plain matrices change. A token table that is the head as
// well gets at least eight bits, since an error there reaches every logit. Rows that are no multiple of a super-block
// take Q4_0 or Q8_0 in its place, and rows that are no multiple of 32 stay as they are.
DType load_type(DType wanted, const TensorEntry& entry, Role role);

// The same rows, decoded and encoded again on their way; `to` as load_type() gave it.
WeightSource encoded(WeightSource source, DType to);

}  // namespace trivium
