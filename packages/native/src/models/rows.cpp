#include "models/rows.h"

#include <algorithm>
#include <cmath>

#include "formats/errors.h"

namespace trivium {

Error unsupported(const ModelFile& file, std::string field, std::string found, std::string expected) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = field + " \"" + printable(found) + "\" is not supported.";
  error.file = file.path();
  error.remedy = "Use a model whose " + field + " is one of: " + expected + ".";
  error.field = std::move(field);
  error.found = printable(found);
  error.expected = std::move(expected);
  return error;
}

Result<int> checked_count(const ModelFile& file, std::string_view field, std::optional<std::int64_t> found, std::int64_t most) {
  if (found && *found >= 1 && *found <= most) return static_cast<int>(*found);
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = "The model's " + std::string(field) + (found ? " is out of range." : " is missing.");
  error.file = file.path();
  error.field = std::string(field);
  error.expected = "a number from 1 to " + std::to_string(most);
  error.found = found ? std::to_string(*found) : "nothing";
  error.remedy = "The file is damaged or incomplete; get it again.";
  return error;
}

Result<RopeSpec> checked_rope(const ModelFile& file, std::string_view field, RopeStyle style, double base, int rotary_dim,
                              const RopeScaling& scaling) {
  const bool yarn = scaling.kind == RopeScaling::Kind::yarn;
  const float attention_scale = rope_attention_scale(scaling);
  const auto positive = [](double value) { return value > 0 && std::isfinite(value); };
  struct Check { const char* name; double value; bool sound; };
  for (const Check& check : {Check{"base", base, positive(base) && (!yarn || base > 1)}, Check{"factor", scaling.factor, positive(scaling.factor)},
                             Check{"original context", scaling.original_context, positive(scaling.original_context)},
                             Check{"beta_fast", scaling.beta_fast, positive(scaling.beta_fast)},
                             Check{"beta_slow", scaling.beta_slow, positive(scaling.beta_slow)},
                             Check{"attention factor", attention_scale, positive(attention_scale)}}) {
    if (check.sound) continue;
    Error error;
    error.code = ErrorCode::bad_format;
    error.message = std::string("The ") + check.name + " of the model's rotary positions is out of range.";
    error.file = file.path();
    error.field = std::string(field);
    error.expected = "a positive number";
    error.found = std::to_string(check.value);
    error.remedy = "The file is damaged or incomplete; get it again.";
    return error;
  }
  RopeSpec rope;
  rope.enabled = true;
  rope.style = style;
  rope.rotary_dim = rotary_dim;
  rope.inverse_frequencies = rope_frequencies(base, rotary_dim, scaling);
  rope.attention_scale = attention_scale;
  if (yarn) rope.extended_context = static_cast<int>(std::min(scaling.factor * scaling.original_context, 2147483647.0));
  return rope;
}

Status check_heads(const ModelFile& file, const AttentionSpec& attention) {
  if (attention.heads % attention.kv_heads == 0) return {};
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = "The number of heads is no multiple of the number of key/value heads.";
  error.file = file.path();
  error.field = "attention.head_count_kv";
  error.expected = "a number of heads that the number of key/value heads divides";
  error.found = std::to_string(attention.heads) + " heads, " + std::to_string(attention.kv_heads) + " key/value heads";
  error.remedy = "The file is damaged; get it again.";
  return error;
}

Status make_cross_encoder(const ModelFile& file, std::string_view field, std::int64_t labels, bool pooler, ModelSpec& spec) {
  if (labels != 1) {
    Error error;
    error.code = ErrorCode::unsupported;
    error.message = "Classification heads of several labels are not supported.";
    error.file = file.path();
    error.field = std::string(field);
    error.expected = "1 label, the score of a cross-encoder";
    error.found = std::to_string(labels) + " labels";
    error.remedy = "Use a cross-encoder, or an encoder without a classification head.";
    return error;
  }
  spec.kind = ModelKind::cross_encoder;
  spec.head.scores = 1;
  spec.head.pooler = pooler;
  spec.pooling = Pooling::cls;
  spec.normalize = false;
  return {};
}

std::vector<std::string> supported_architectures() {
  std::vector<std::string> names;
  for (const auto* rows : {&gguf_rows(), &hf_rows()})
    for (const ArchitectureRow& row : *rows) {
      const std::string name(row.name);
      bool known = false;
      for (const std::string& other : names) known = known || other == name;
      if (!known) names.push_back(name);
    }
  return names;
}

Result<const ArchitectureRow*> row_of(const ModelFile& file) {
  const bool gguf = file.container() == ModelFile::Container::gguf;
  const std::string* from_metadata = gguf ? file.metadata().string("general.architecture") : nullptr;
  const std::string name = gguf ? (from_metadata ? *from_metadata : "") : file.config().string_or("model_type", "");
  for (const ArchitectureRow& row : gguf ? gguf_rows() : hf_rows())
    if (row.name == name) return &row;
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = name.empty() ? "The model does not say what its architecture is."
                               : "The architecture \"" + name + "\" is not supported.";
  error.file = file.path();
  error.field = gguf ? "general.architecture" : "config.json: model_type";
  error.found = name.empty() ? "nothing" : name;
  for (const std::string& supported : supported_architectures())
    error.expected += (error.expected.empty() ? "" : ", ") + supported;
  error.remedy = "Use a model of one of these architectures.";
  return error;
}

Result<ModelSpec> spec_of(const ModelFile& file) {
  TRIVIUM_TRY_ASSIGN(const ArchitectureRow* row, row_of(file));
  return row->spec(file);
}

}  // namespace trivium
