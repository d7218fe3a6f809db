// Architectures as GGUF writes them: keys "<architecture>.<name>". Of `llama`, Q and K rows were permuted so that pairs
// that turn together lie side by side; of the others they lie as in the checkpoint, half a head apart.
#include <algorithm>
#include <cmath>

#include "models/rope.h"
#include "models/rows.h"

namespace trivium {
namespace {

constexpr std::int64_t most_layers = 1024, most_width = 1 << 20, most_context = std::int64_t(1) << 31;

struct Keys {
  const ModelFile& file;
  std::string architecture;
  std::string key(std::string_view name) const { return architecture + "." + std::string(name); }
  std::optional<std::int64_t> integer(std::string_view name) const { return file.metadata().integer(key(name)); }
  double number(std::string_view name, double fallback) const { return file.metadata().number(key(name)).value_or(fallback); }
  Result<int> count(std::string_view name, std::int64_t most) const {
    return checked_count(file, key(name), integer(name), most);
  }
  Result<int> count_or(std::string_view name, std::int64_t fallback, std::int64_t most) const {
    return checked_count(file, key(name), integer(name).value_or(fallback), most);
  }
};

// A mixture of experts goes by the name of its dense family and differs in its tensors (Mixtral is a "llama").
Status check_dense(const Keys& keys) {
  const std::int64_t experts = keys.integer("expert_count").value_or(0);
  if (experts == 0) return {};
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = "Mixtures of experts are not supported.";
  error.file = keys.file.path();
  error.field = keys.key("expert_count");
  error.expected = "none, or 0";
  error.found = std::to_string(experts);
  error.remedy = "Use a dense model of the same family.";
  return error;
}

// What all GGUF architectures with layers share.
Result<ModelSpec> common(const Keys& keys) {
  TRIVIUM_TRY(check_dense(keys));
  ModelSpec spec;
  spec.architecture = keys.architecture;
  if (const std::string* name = keys.file.metadata().string("general.name")) spec.name = *name;
  TRIVIUM_TRY_ASSIGN(spec.width, keys.count("embedding_length", most_width));
  TRIVIUM_TRY_ASSIGN(const int context, keys.count_or("context_length", 2048, most_context - 1));
  spec.context = context;
  if (const TensorEntry* table = keys.file.find("token_embd.weight"); table && table->shape.rank == 2) {
    TRIVIUM_TRY_ASSIGN(spec.vocabulary, checked_count(keys.file, "token_embd.weight", table->shape.rows(), 1 << 24));
  } else {
    return checked_count(keys.file, "token_embd.weight", std::nullopt, 1 << 24).error();
  }
  return spec;
}

Result<AttentionSpec> attention_of(const Keys& keys, int width) {
  AttentionSpec attention;
  TRIVIUM_TRY_ASSIGN(attention.heads, keys.count("attention.head_count", 4096));
  TRIVIUM_TRY_ASSIGN(attention.kv_heads, keys.count_or("attention.head_count_kv", attention.heads, 4096));
  TRIVIUM_TRY_ASSIGN(attention.head_dim, keys.count_or("attention.key_length", width / attention.heads, 1024));
  TRIVIUM_TRY(check_heads(keys.file, attention));
  attention.scale = 1.0f / std::sqrt(static_cast<float>(attention.head_dim));
  return attention;
}

// What llama.cpp's converter writes of rope_scaling; its yarn_attn_factor is config.json's attention_factor, and
// attn_factor multiplies whatever the factor gives. Older files say no type, which is linear, or call the factor scale_linear.
Result<RopeScaling> scaling_of(const Keys& keys) {
  RopeScaling scaling;
  const std::string* said = keys.file.metadata().string(keys.key("rope.scaling.type"));
  const std::string kind = said ? *said : "linear";
  if (kind == "none") return scaling;
  const double factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 1));
  scaling.factor = factor == 0 ? 1 : factor;
  if (kind == "linear") {
    scaling.kind = RopeScaling::Kind::linear;
    return scaling;
  }
  const double extrapolation = keys.number("rope.scaling.yarn_ext_factor", 1);
  if (kind != "yarn" || extrapolation != 1) {
    Error error;
    error.code = ErrorCode::unsupported;
    error.message = "The rope scaling \"" + kind + "\" is not supported" + (kind == "yarn" ? " with this factor." : ".");
    error.file = keys.file.path();
    error.field = keys.key(kind == "yarn" ? "rope.scaling.yarn_ext_factor" : "rope.scaling.type");
    error.expected = kind == "yarn" ? "1" : "none, linear, yarn, or factors in rope_freqs.weight";
    error.found = kind == "yarn" ? std::to_string(extrapolation) : kind;
    error.remedy = "Use a model with one of these rope scalings.";
    return error;
  }
  scaling.kind = RopeScaling::Kind::yarn;
  scaling.original_context = keys.number("rope.scaling.original_context_length", keys.number("context_length", 2048));
  scaling.beta_fast = keys.number("rope.scaling.yarn_beta_fast", 32);
  scaling.beta_slow = keys.number("rope.scaling.yarn_beta_slow", 1);
  scaling.mscale = 1;
  scaling.mscale_all_dim = keys.number("rope.scaling.yarn_log_multiplier", 0);
  const double whole = keys.number("rope.scaling.yarn_attn_factor", 0), share = keys.number("rope.scaling.attn_factor", 1);
  if (whole != 0) scaling.attention_factor = whole;
  if (share != 1) scaling.attention_factor = share * rope_attention_scale(scaling);
  return scaling;
}

Result<RopeSpec> rope_of(const Keys& keys, int head_dim, RopeStyle style) {
  TRIVIUM_TRY_ASSIGN(const int rotary_dim, keys.count_or("rope.dimension_count", head_dim, head_dim));
  if (rotary_dim % 2 != 0) {
    Error error = checked_count(keys.file, keys.key("rope.dimension_count"), -1, head_dim).error();
    error.expected = "an even number, for channels turn in pairs";
    error.found = std::to_string(rotary_dim);
    return error;
  }
  TRIVIUM_TRY_ASSIGN(const RopeScaling scaling, scaling_of(keys));
  TRIVIUM_TRY_ASSIGN(RopeSpec rope, checked_rope(keys.file, keys.key("rope"), style, keys.number("rope.freq_base", 10000),
                                                 rotary_dim, scaling));
  if (const TensorEntry* factors = keys.file.find("rope_freqs.weight")) {
    TRIVIUM_TRY_ASSIGN(const std::vector<float> divisors, keys.file.read_f32(*factors));
    if (divisors.size() != rope.inverse_frequencies.size())
      return checked_count(keys.file, "rope_freqs.weight", -1, 1).error();
    for (std::size_t i = 0; i < divisors.size(); ++i) rope.inverse_frequencies[i] /= divisors[i];
  }
  return rope;
}

// What the llama family shares: the file's tensors say which biases there are and whether the head is tied.
Result<ModelSpec> decoder(const Keys& keys, RopeStyle style) {
  const ModelFile& file = keys.file;
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, common(keys));
  spec.kind = ModelKind::causal;
  spec.norm = {NormKind::rms, static_cast<float>(keys.number("attention.layer_norm_rms_epsilon", 1e-5))};
  LayerSpec layer;
  TRIVIUM_TRY_ASSIGN(layer.attention, attention_of(keys, spec.width));
  TRIVIUM_TRY_ASSIGN(layer.attention.rope, rope_of(keys, layer.attention.head_dim, style));
  spec.context = std::max(spec.context, layer.attention.rope.extended_context);
  layer.attention.bias = file.find("blk.0.attn_q.bias") != nullptr;
  layer.attention.output_bias = file.find("blk.0.attn_output.bias") != nullptr;
  layer.attention.window = static_cast<int>(std::min<std::int64_t>(keys.integer("attention.sliding_window").value_or(0), 1 << 30));
  TRIVIUM_TRY_ASSIGN(layer.mlp.hidden, keys.count("feed_forward_length", most_width * 8));
  layer.mlp.bias = file.find("blk.0.ffn_up.bias") != nullptr;
  TRIVIUM_TRY_ASSIGN(const int layers, keys.count("block_count", most_layers));
  spec.layers.assign(layers, layer);
  spec.head.tied = file.find("output.weight") == nullptr;
  return spec;
}

Result<ModelSpec> llama(const ModelFile& file) { return decoder({file, "llama"}, RopeStyle::interleaved); }

// No window: the converter writes none for this family, and which layers one would hold for GGUF does not say.
Result<ModelSpec> qwen(const Keys& keys, bool bias, bool qk_norm) {
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, decoder(keys, RopeStyle::half));
  for (LayerSpec& layer : spec.layers) {
    layer.attention.bias |= bias;
    layer.attention.qk_norm = qk_norm;
    layer.attention.window = 0;
  }
  return spec;
}

Result<ModelSpec> qwen2(const ModelFile& file) { return qwen({file, "qwen2"}, true, false); }

Result<ModelSpec> qwen3(const ModelFile& file) { return qwen({file, "qwen3"}, false, true); }

Result<ModelSpec> bert(const ModelFile& file) {
  const Keys keys{file, "bert"};
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, common(keys));
  spec.kind = ModelKind::encoder;
  spec.norm = {NormKind::layer, static_cast<float>(keys.number("attention.layer_norm_epsilon", 1e-12))};
  spec.embedding.positions = file.find("position_embd.weight") != nullptr;
  if (const TensorEntry* types = file.find("token_types.weight")) {
    TRIVIUM_TRY_ASSIGN(spec.embedding.types, checked_count(file, "token_types.weight", types->shape.rows(), most_width));
  }
  spec.embedding.norm = true;
  LayerSpec layer;
  TRIVIUM_TRY_ASSIGN(layer.attention, attention_of(keys, spec.width));
  layer.attention.causal = false;
  layer.attention.bias = file.find("blk.0.attn_q.bias") != nullptr;
  layer.attention.output_bias = file.find("blk.0.attn_output.bias") != nullptr;
  TRIVIUM_TRY_ASSIGN(layer.mlp.hidden, keys.count("feed_forward_length", most_width * 8));
  layer.mlp.gated = false;
  layer.mlp.bias = file.find("blk.0.ffn_up.bias") != nullptr;
  layer.mlp.activation = Activation::gelu_erf;
  layer.norms = NormPlacement::after;
  TRIVIUM_TRY_ASSIGN(const int layers, keys.count("block_count", most_layers));
  spec.layers.assign(layers, layer);
  spec.head = {.logits = false, .tied = false, .final_norm = false};
  // GGUF's numbering: 1 mean, 2 cls, 3 last, 4 rank: a classification head on the first token. Not every file that has a head says
  // so, and a head may read the mean as well.
  const TensorEntry* classifier = file.find("cls.output.weight");
  const std::int64_t pooling = keys.integer("pooling_type").value_or(classifier ? 4 : 1);
  if (classifier || pooling == 4) {  // without a head it is refused where weights are looked up
    const std::int64_t labels = classifier ? classifier->shape.rows() : 1;
    TRIVIUM_TRY(make_cross_encoder(file, "cls.output.weight", labels, file.find("cls.weight") != nullptr, spec));
  }
  spec.pooling = pooling == 2 || pooling == 4 ? Pooling::cls : pooling == 3 ? Pooling::last : Pooling::mean;
  spec.normalize = spec.head.scores == 0;
  return spec;
}

// A text's vector is the sum of its tokens' rows, at unit length: weights of tokens are folded into the rows.
Result<ModelSpec> static_embedding(const ModelFile& file) {
  const Keys keys{file, "static-embedding"};
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, common(keys));
  spec.kind = ModelKind::static_embedding;
  spec.context = 1 << 20;
  spec.head = {.logits = false, .tied = false, .final_norm = false};
  spec.pooling = Pooling::sum;
  spec.normalize = true;
  return spec;
}

}  // namespace

const std::vector<ArchitectureRow>& gguf_rows() {
  static const std::vector<ArchitectureRow> rows = {
      {"llama", llama, weight_map_gguf_llama, {""}},
      {"qwen2", qwen2, weight_map_gguf_llama, {""}},
      {"qwen3", qwen3, weight_map_gguf_llama, {""}},
      {"bert", bert, weight_map_gguf_bert, {""}},
      {"static-embedding", static_embedding, weight_map_gguf_bert, {""}},
  };
  return rows;
}

}  // namespace trivium
