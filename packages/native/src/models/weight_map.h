// Where a file convention keeps a weight. The builder knows one naming; a WeightMap row turns it into the file's.
// Knows names and shapes, no arithmetic.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "formats/model_file.h"

namespace trivium {

// The builder's naming. `{}` stands for the layer's number in file names.
enum class WeightName {
  token_embedding, position_embedding, type_embedding, embedding_norm, embedding_norm_bias,
  attention_norm, attention_norm_bias, query, query_bias, key, key_bias, value, value_bias,
  attention_output, attention_output_bias, query_norm, key_norm,
  mlp_norm, mlp_norm_bias, gate, gate_bias, up, up_bias, down, down_bias,
  final_norm, head, pooler, pooler_bias, classifier, classifier_bias, rope_factors,
};

struct WeightMapRow {
  WeightName name;
  std::string_view file_name;  // "blk.{}.attn_q.weight"
};

using WeightMap = std::vector<WeightMapRow>;  // several rows of one name: spellings, the present one first

const WeightMap& weight_map_gguf_llama();
const WeightMap& weight_map_gguf_bert();
const WeightMap& weight_map_hf_llama();
const WeightMap& weight_map_hf_bert();

// The tensor of a name in one of its spellings, nullptr when the map or the file has none. `prefixes` are tried in order ("",
// "model.", "bert.").
const TensorEntry* find_weight(const ModelFile& file, const WeightMap& map, WeightName name, int layer,
                               const std::vector<std::string>& prefixes);
// The present spelling of a weight, for errors.
std::string file_name_of(const WeightMap& map, WeightName name, int layer);

}  // namespace trivium
