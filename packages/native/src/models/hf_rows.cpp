// Architectures as config.json writes them, transformers 4 (rope_theta, rope_scaling) and 5 (rope_parameters) alike.
#include <algorithm>
#include <cmath>

#include "formats/errors.h"
#include "models/rope.h"
#include "models/rows.h"
#include "models/sentence_modules.h"

namespace trivium {
namespace {

constexpr std::int64_t most_layers = 1024, most_width = 1 << 20, most_context = (std::int64_t(1) << 31) - 1;
const std::vector<std::string> llama_prefixes = {"model.", ""};

Result<int> count(const ModelFile& file, std::string_view field, std::int64_t most) {
  return checked_count(file, field, file.config().integer_at(field), most);
}

Result<Activation> activation_of(const ModelFile& file, const std::string& fallback) {
  const std::string name = file.config().string_or("hidden_act", fallback);
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu") return Activation::gelu_erf;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  return unsupported(file, "hidden_act", name, "silu, gelu, gelu_new");
}

// rope_scaling (transformers 4) or rope_parameters (5), null where there is neither. Of both the first holds and nothing of
// the second, as in transformers: whoever adds a rope_scaling to a newer file means it.
const Json* rope_parameters_of(const Json& config) {
  for (const char* const name : {"rope_scaling", "rope_parameters"}) {
    const Json* parameters = config.find(name);
    if (parameters && !parameters->members().empty()) return parameters;
  }
  return nullptr;
}

Result<RopeScaling> scaling_of(const ModelFile& file, const Json& parameters) {
  const Json& config = file.config();
  const std::string kind = parameters.string_or("rope_type", parameters.string_or("type", "default"));
  RopeScaling scaling;
  scaling.factor = parameters.number_or("factor", 1);
  const double context = config.number_or("max_position_embeddings", 8192);
  // What stands beside the scaling goes before what stands in it, as in transformers.
  scaling.original_context = config.number_or("original_max_position_embeddings",
                                              parameters.number_or("original_max_position_embeddings", context));
  if (kind == "linear") {
    scaling.kind = RopeScaling::Kind::linear;
  } else if (kind == "llama3") {
    scaling.kind = RopeScaling::Kind::llama3;
    scaling.low_frequency_factor = parameters.number_or("low_freq_factor", 1);
    scaling.high_frequency_factor = parameters.number_or("high_freq_factor", 4);
  } else if (kind == "yarn") {
    scaling.kind = RopeScaling::Kind::yarn;
    scaling.factor = parameters.number_or("factor", context / scaling.original_context);
    scaling.beta_fast = parameters.number_or("beta_fast", 32);
    scaling.beta_slow = parameters.number_or("beta_slow", 1);
    scaling.whole_bounds = parameters.boolean_or("truncate", true);
    scaling.mscale = parameters.number_or("mscale", 0);
    scaling.mscale_all_dim = parameters.number_or("mscale_all_dim", 0);
    if (const Json* given = parameters.find("attention_factor"); given && given->is_number()) scaling.attention_factor = given->number();
  } else if (kind != "default") {
    return unsupported(file, "rope_scaling", kind, "default, linear, llama3, yarn");
  }
  return scaling;
}

Result<RopeSpec> rope_of(const ModelFile& file, int head_dim) {
  const Json& config = file.config();
  double base = config.number_or("rope_theta", 10000), rotary_share = config.number_or("partial_rotary_factor", 1);
  RopeScaling scaling;
  if (const Json* parameters = rope_parameters_of(config)) {
    base = parameters->number_or("rope_theta", base);
    rotary_share = parameters->number_or("partial_rotary_factor", rotary_share);
    TRIVIUM_TRY_ASSIGN(scaling, scaling_of(file, *parameters));
  }
  if (!(rotary_share > 0 && rotary_share <= 1) || head_dim < 2)
    return unsupported(file, "partial_rotary_factor", std::to_string(rotary_share), "0 to 1");
  const int rotary_dim = std::max(2, static_cast<int>(head_dim * rotary_share) / 2 * 2);
  return checked_rope(file, "rope_parameters", RopeStyle::half, base, rotary_dim, scaling);
}

// Quantizers of the Hugging Face world write weights in integers of their own, with scales beside them; what is said of them
// here holds even where the weights are plain (BitNet's are rounded while they are used).
Status check_unquantized(const ModelFile& file) {
  const Json* quantization = file.config().find("quantization_config");
  if (!quantization || quantization->members().empty()) return {};
  const std::string method = quantization->string_or("quant_method", "an unnamed method");
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = "Weights that were quantized by " + printable(method) + " are not supported.";
  error.file = file.path();
  error.field = "config.json: quantization_config";
  error.expected = "weights of F32, F16 or BF16";
  error.found = printable(method);
  error.remedy = "Use the model that it was made from, quantized while loading if need be, or a GGUF file of it.";
  return error;
}

Result<ModelSpec> common(const ModelFile& file) {
  TRIVIUM_TRY(check_unquantized(file));
  const Json& config = file.config();
  ModelSpec spec;
  spec.architecture = config.string_or("model_type", "");
  spec.name = config.string_or("_name_or_path", "");
  TRIVIUM_TRY_ASSIGN(spec.width, count(file, "hidden_size", most_width));
  TRIVIUM_TRY_ASSIGN(spec.vocabulary, count(file, "vocab_size", 1 << 24));
  TRIVIUM_TRY_ASSIGN(spec.context, checked_count(file, "max_position_embeddings",
                                                 config.integer_at("max_position_embeddings").value_or(2048), most_context));
  return spec;
}

Result<LayerSpec> layer_of(const ModelFile& file, int width) {
  const Json& config = file.config();
  LayerSpec layer;
  TRIVIUM_TRY_ASSIGN(layer.attention.heads, count(file, "num_attention_heads", 4096));
  TRIVIUM_TRY_ASSIGN(layer.attention.kv_heads,
                     checked_count(file, "num_key_value_heads", config.integer_at("num_key_value_heads").value_or(layer.attention.heads), 4096));
  TRIVIUM_TRY_ASSIGN(layer.attention.head_dim,
                     checked_count(file, "head_dim", config.integer_at("head_dim").value_or(width / layer.attention.heads), 1024));
  TRIVIUM_TRY(check_heads(file, layer.attention));
  layer.attention.scale = 1.0f / std::sqrt(static_cast<float>(layer.attention.head_dim));
  TRIVIUM_TRY_ASSIGN(layer.mlp.hidden, count(file, "intermediate_size", most_width * 8));
  return layer;
}

constexpr std::int64_t compared_rows = 64;

// By rows spread over both, the first and the last among them: of matrices that were trained apart hardly any row is the same, and
// to read all of them at each look into a file takes seconds.
Result<bool> are_equal(const ModelFile& file, const TensorEntry& a, const TensorEntry& b) {
  if (a.dtype != b.dtype || !(a.shape == b.shape)) return false;
  const std::int64_t rows = a.shape.rows();
  const std::int64_t compared = std::min(rows, compared_rows);
  std::vector<std::byte> of_a(row_bytes(a.dtype, a.shape.columns())), of_b(of_a.size());
  for (std::int64_t at = 0; at < compared; at++) {
    const std::int64_t row = compared == 1 ? 0 : at * (rows - 1) / (compared - 1);
    TRIVIUM_TRY(file.read_rows(a, row, 1, of_a.data()));
    TRIVIUM_TRY(file.read_rows(b, row, 1, of_b.data()));
    if (of_a != of_b) return false;
  }
  return true;
}

// Whether the token table is the head too: as config.json says, unless the file has both and they differ, as in transformers 5:
// then config.json is wrong, and the head is one that was trained.
Result<bool> is_tied(const ModelFile& file) {
  const TensorEntry* head = file.find("lm_head.weight");
  const TensorEntry* table = find_weight(file, weight_map_hf_llama(), WeightName::token_embedding, 0, llama_prefixes);
  const bool said = file.config().boolean_or("tie_word_embeddings", false);
  if (!said || head == nullptr || table == nullptr) return said;
  return are_equal(file, *head, *table);
}

Result<ModelSpec> llama(const ModelFile& file) {
  const Json& config = file.config();
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, common(file));
  spec.kind = ModelKind::causal;
  spec.norm = {NormKind::rms, static_cast<float>(config.number_or("rms_norm_eps", 1e-6))};
  TRIVIUM_TRY_ASSIGN(LayerSpec layer, layer_of(file, spec.width));
  TRIVIUM_TRY_ASSIGN(layer.attention.rope, rope_of(file, layer.attention.head_dim));
  spec.context = std::max(spec.context, layer.attention.rope.extended_context);
  TRIVIUM_TRY_ASSIGN(layer.mlp.activation, activation_of(file, "silu"));
  layer.attention.bias = config.boolean_or("attention_bias", false);
  layer.attention.output_bias = layer.attention.bias;
  layer.mlp.bias = config.boolean_or("mlp_bias", false);
  TRIVIUM_TRY_ASSIGN(const int layers, count(file, "num_hidden_layers", most_layers));
  spec.layers.assign(layers, layer);
  TRIVIUM_TRY_ASSIGN(spec.head.tied, is_tied(file));
  return spec;
}

// Of the families that have one: null is none; where nothing is said, what transformers takes.
int window_of(const Json& config) {
  const Json* window = config.find("sliding_window");
  return static_cast<int>(std::clamp<std::int64_t>(window ? window->integer().value_or(0) : 4096, 0, 1 << 30));
}

Result<ModelSpec> mistral(const ModelFile& file) {
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, llama(file));
  for (LayerSpec& layer : spec.layers) {
    layer.attention.window = window_of(file.config());
    layer.attention.bias = layer.attention.output_bias = false;
  }
  return spec;
}

// Layers see all keys, or a window where `layer_types` says so, or from `max_window_layers` on in files without that list
// (28 is what transformers takes where neither is said).
Status read_windows(const ModelFile& file, ModelSpec& spec) {
  const Json& config = file.config();
  if (!config.boolean_or("use_sliding_window", false)) return {};
  const std::int64_t first = config.integer_at("max_window_layers").value_or(28);
  const Json* types = config.find("layer_types");
  const bool listed = types && types->is_array();
  if (listed && types->items().size() != spec.layers.size())
    return unsupported(file, "layer_types", std::to_string(types->items().size()) + " entries", std::to_string(spec.layers.size()) + " entries");
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const bool within = listed ? types->items()[i].string() == "sliding_attention" : static_cast<std::int64_t>(i) >= first;
    spec.layers[i].attention.window = within ? window_of(config) : 0;
  }
  return {};
}

Result<ModelSpec> qwen2(const ModelFile& file) {
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, llama(file));
  for (LayerSpec& layer : spec.layers) {
    layer.attention.bias = true;
    layer.attention.output_bias = layer.mlp.bias = false;
  }
  TRIVIUM_TRY(read_windows(file, spec));
  return spec;
}

Result<ModelSpec> qwen3(const ModelFile& file) {
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, llama(file));
  for (LayerSpec& layer : spec.layers) {
    layer.attention.qk_norm = true;
    layer.mlp.bias = false;
  }
  TRIVIUM_TRY(read_windows(file, spec));
  return spec;
}

bool is_classifier(const ModelFile& file) {
  const Json* architectures = file.config().find("architectures");
  if (!architectures || !architectures->is_array()) return false;
  const auto& names = architectures->items();
  return std::any_of(names.begin(), names.end(), [](const Json& name) { return name.string() == "BertForSequenceClassification"; });
}

// transformers writes the names of labels, and those only where there are not two.
std::int64_t labels_of(const Json& config) {
  const Json* names = config.find("id2label");
  if (names && names->is_object() && !names->members().empty()) return std::int64_t(names->members().size());
  return config.integer_at("num_labels").value_or(2);
}

Result<ModelSpec> bert(const ModelFile& file) {
  TRIVIUM_TRY_ASSIGN(ModelSpec spec, common(file));
  spec.kind = ModelKind::encoder;
  const std::string positions = file.config().string_or("position_embedding_type", "absolute");
  if (positions != "absolute") return unsupported(file, "position_embedding_type", positions, "absolute");
  spec.norm = {NormKind::layer, static_cast<float>(file.config().number_or("layer_norm_eps", 1e-12))};
  TRIVIUM_TRY_ASSIGN(const int types, checked_count(file, "type_vocab_size", file.config().integer_at("type_vocab_size").value_or(2), most_width));
  spec.embedding = {.positions = true, .types = types, .norm = true, .scale = 1};
  TRIVIUM_TRY_ASSIGN(LayerSpec layer, layer_of(file, spec.width));
  TRIVIUM_TRY_ASSIGN(layer.mlp.activation, activation_of(file, "gelu"));
  layer.attention.causal = false;
  layer.attention.bias = layer.attention.output_bias = true;
  layer.mlp.gated = false;
  layer.mlp.bias = true;
  layer.norms = NormPlacement::after;
  TRIVIUM_TRY_ASSIGN(const int layers, count(file, "num_hidden_layers", most_layers));
  spec.layers.assign(layers, layer);
  spec.head = {.logits = false, .tied = false, .final_norm = false};
  if (is_classifier(file)) {
    TRIVIUM_TRY(make_cross_encoder(file, "id2label", labels_of(file.config()), true, spec));
  } else {
    TRIVIUM_TRY(read_sentence_modules(file, spec));
  }
  return spec;
}

}  // namespace

const std::vector<ArchitectureRow>& hf_rows() {
  static const std::vector<ArchitectureRow> rows = {
      {"llama", llama, weight_map_hf_llama, llama_prefixes},
      {"mistral", mistral, weight_map_hf_llama, llama_prefixes},
      {"qwen2", qwen2, weight_map_hf_llama, llama_prefixes},
      {"qwen3", qwen3, weight_map_hf_llama, llama_prefixes},
      {"bert", bert, weight_map_hf_bert, {"", "bert.", "model."}},
  };
  return rows;
}

}  // namespace trivium
