#include "models/weight_map.h"

namespace trivium {

using enum WeightName;

const WeightMap& weight_map_gguf_llama() {
  static const WeightMap map = {
      {token_embedding, "token_embd.weight"},
      {attention_norm, "blk.{}.attn_norm.weight"},
      {query, "blk.{}.attn_q.weight"},
      {query_bias, "blk.{}.attn_q.bias"},
      {key, "blk.{}.attn_k.weight"},
      {key_bias, "blk.{}.attn_k.bias"},
      {value, "blk.{}.attn_v.weight"},
      {value_bias, "blk.{}.attn_v.bias"},
      {attention_output, "blk.{}.attn_output.weight"},
      {attention_output_bias, "blk.{}.attn_output.bias"},
      {query_norm, "blk.{}.attn_q_norm.weight"},
      {key_norm, "blk.{}.attn_k_norm.weight"},
      {mlp_norm, "blk.{}.ffn_norm.weight"},
      {gate, "blk.{}.ffn_gate.weight"},
      {gate_bias, "blk.{}.ffn_gate.bias"},
      {up, "blk.{}.ffn_up.weight"},
      {up_bias, "blk.{}.ffn_up.bias"},
      {down, "blk.{}.ffn_down.weight"},
      {down_bias, "blk.{}.ffn_down.bias"},
      {final_norm, "output_norm.weight"},
      {head, "output.weight"},
      {rope_factors, "rope_freqs.weight"},
  };
  return map;
}

const WeightMap& weight_map_gguf_bert() {
  static const WeightMap map = {
      {token_embedding, "token_embd.weight"},
      {position_embedding, "position_embd.weight"},
      {type_embedding, "token_types.weight"},
      {embedding_norm, "token_embd_norm.weight"},
      {embedding_norm_bias, "token_embd_norm.bias"},
      {query, "blk.{}.attn_q.weight"},
      {query_bias, "blk.{}.attn_q.bias"},
      {key, "blk.{}.attn_k.weight"},
      {key_bias, "blk.{}.attn_k.bias"},
      {value, "blk.{}.attn_v.weight"},
      {value_bias, "blk.{}.attn_v.bias"},
      {attention_output, "blk.{}.attn_output.weight"},
      {attention_output_bias, "blk.{}.attn_output.bias"},
      {attention_norm, "blk.{}.attn_output_norm.weight"},
      {attention_norm_bias, "blk.{}.attn_output_norm.bias"},
      {up, "blk.{}.ffn_up.weight"},
      {up_bias, "blk.{}.ffn_up.bias"},
      {down, "blk.{}.ffn_down.weight"},
      {down_bias, "blk.{}.ffn_down.bias"},
      {mlp_norm, "blk.{}.layer_output_norm.weight"},
      {mlp_norm_bias, "blk.{}.layer_output_norm.bias"},
      {pooler, "cls.weight"},
      {pooler_bias, "cls.bias"},
      {classifier, "cls.output.weight"},
      {classifier_bias, "cls.output.bias"},
  };
  return map;
}

const WeightMap& weight_map_hf_llama() {
  static const WeightMap map = {
      {token_embedding, "embed_tokens.weight"},
      {attention_norm, "layers.{}.input_layernorm.weight"},
      {query, "layers.{}.self_attn.q_proj.weight"},
      {query_bias, "layers.{}.self_attn.q_proj.bias"},
      {key, "layers.{}.self_attn.k_proj.weight"},
      {key_bias, "layers.{}.self_attn.k_proj.bias"},
      {value, "layers.{}.self_attn.v_proj.weight"},
      {value_bias, "layers.{}.self_attn.v_proj.bias"},
      {attention_output, "layers.{}.self_attn.o_proj.weight"},
      {attention_output_bias, "layers.{}.self_attn.o_proj.bias"},
      {query_norm, "layers.{}.self_attn.q_norm.weight"},
      {key_norm, "layers.{}.self_attn.k_norm.weight"},
      {mlp_norm, "layers.{}.post_attention_layernorm.weight"},
      {gate, "layers.{}.mlp.gate_proj.weight"},
      {gate_bias, "layers.{}.mlp.gate_proj.bias"},
      {up, "layers.{}.mlp.up_proj.weight"},
      {up_bias, "layers.{}.mlp.up_proj.bias"},
      {down, "layers.{}.mlp.down_proj.weight"},
      {down_bias, "layers.{}.mlp.down_proj.bias"},
      {final_norm, "norm.weight"},
      {head, "lm_head.weight"},
  };
  return map;
}

// The first checkpoints of BERT call a norm's weight and bias by the letters of the paper, as TensorFlow did.
const WeightMap& weight_map_hf_bert() {
  static const WeightMap map = {
      {token_embedding, "embeddings.word_embeddings.weight"},
      {position_embedding, "embeddings.position_embeddings.weight"},
      {type_embedding, "embeddings.token_type_embeddings.weight"},
      {embedding_norm, "embeddings.LayerNorm.weight"},
      {embedding_norm, "embeddings.LayerNorm.gamma"},
      {embedding_norm_bias, "embeddings.LayerNorm.bias"},
      {embedding_norm_bias, "embeddings.LayerNorm.beta"},
      {query, "encoder.layer.{}.attention.self.query.weight"},
      {query_bias, "encoder.layer.{}.attention.self.query.bias"},
      {key, "encoder.layer.{}.attention.self.key.weight"},
      {key_bias, "encoder.layer.{}.attention.self.key.bias"},
      {value, "encoder.layer.{}.attention.self.value.weight"},
      {value_bias, "encoder.layer.{}.attention.self.value.bias"},
      {attention_output, "encoder.layer.{}.attention.output.dense.weight"},
      {attention_output_bias, "encoder.layer.{}.attention.output.dense.bias"},
      {attention_norm, "encoder.layer.{}.attention.output.LayerNorm.weight"},
      {attention_norm, "encoder.layer.{}.attention.output.LayerNorm.gamma"},
      {attention_norm_bias, "encoder.layer.{}.attention.output.LayerNorm.bias"},
      {attention_norm_bias, "encoder.layer.{}.attention.output.LayerNorm.beta"},
      {up, "encoder.layer.{}.intermediate.dense.weight"},
      {up_bias, "encoder.layer.{}.intermediate.dense.bias"},
      {down, "encoder.layer.{}.output.dense.weight"},
      {down_bias, "encoder.layer.{}.output.dense.bias"},
      {mlp_norm, "encoder.layer.{}.output.LayerNorm.weight"},
      {mlp_norm, "encoder.layer.{}.output.LayerNorm.gamma"},
      {mlp_norm_bias, "encoder.layer.{}.output.LayerNorm.bias"},
      {mlp_norm_bias, "encoder.layer.{}.output.LayerNorm.beta"},
      {pooler, "pooler.dense.weight"},
      {pooler_bias, "pooler.dense.bias"},
      {classifier, "classifier.weight"},
      {classifier_bias, "classifier.bias"},
  };
  return map;
}

namespace {

std::string with_layer(std::string_view file_name, int layer) {
  std::string text(file_name);
  if (const std::size_t at = text.find("{}"); at != std::string::npos) text.replace(at, 2, std::to_string(layer));
  return text;
}

}  // namespace

std::string file_name_of(const WeightMap& map, WeightName name, int layer) {
  for (const WeightMapRow& row : map)
    if (row.name == name) return with_layer(row.file_name, layer);
  return {};
}

const TensorEntry* find_weight(const ModelFile& file, const WeightMap& map, WeightName name, int layer,
                               const std::vector<std::string>& prefixes) {
  for (const WeightMapRow& row : map) {
    if (row.name != name) continue;
    for (const std::string& prefix : prefixes)
      if (const TensorEntry* entry = file.find(prefix + with_layer(row.file_name, layer))) return entry;
  }
  return nullptr;
}

}  // namespace trivium
