// Types that a model is held and computed in where they are not the file's: weights quantized while they are loaded, so that
// a model of F32, F16 or BF16 takes a quarter or half of the memory and no file is written, keys and values of eight bits,
// and the bits that activations keep before quantized weights. Knows types and rows, no kernels.
#pragma once
#include <string_view>

#include "backends/backend.h"
#include "formats/model_file.h"
#include "models/spec.h"

namespace trivium {

// "q8_0", "q6_k", "q5_k", "q4_k", "q4_0"; any other name is an error that lists them.
Result<DType> load_type_named(std::string_view name);
// "f32", "f16", "q8_0"; any other name is an error that lists them.
Result<DType> kv_type_named(std::string_view name);

// 8 or 16; any other number is an error.
Result<int> checked_activation_bits(int bits);
// 16 where a model writes text and is small: rounding harms it most, and even twice the products leave it fast. 8 for the
// others, whose quality hardly shows it, and for embeddings, which average it away.
int default_activation_bits(const ModelSpec& spec, const ModelFile& file);

// What a weight is held in when `wanted` was asked for. Only plain matrices change. A token table that is the head as
// well gets at least eight bits, since an error there reaches every logit. Rows that are no multiple of a super-block
// take Q4_0 or Q8_0 in its place, and rows that are no multiple of 32 stay as they are.
DType load_type(DType wanted, const TensorEntry& entry, Role role);

// The same rows, decoded and encoded again on their way; `to` as load_type() gave it.
WeightSource encoded(WeightSource source, DType to);

}  // namespace trivium
