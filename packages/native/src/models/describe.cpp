#include "models/describe.h"

#include "models/model_plan.h"

namespace trivium {
namespace {

// Small files of a Hugging Face folder that say how the model is to be used.
constexpr const char* text_files[] = {"config.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja",
                                      "additional_chat_templates/tool_use.jinja", "config_sentence_transformers.json"};

const char* kind_name(ModelKind kind) {
  switch (kind) {
    case ModelKind::causal: return "causal";
    case ModelKind::encoder: return "encoder";
    case ModelKind::static_embedding: return "static-embedding";
    case ModelKind::cross_encoder: return "cross-encoder";
  }
  return "causal";
}

}  // namespace

Result<Description> describe(const ModelFile& file, const ModelSpec& spec) {
  Description description;
  description.path = file.path();
  description.container = file.container() == ModelFile::Container::gguf ? "gguf" : "hugging-face";
  description.kind = kind_name(spec.kind);
  description.architecture = spec.architecture;
  description.name = spec.name;
  description.vocabulary = spec.vocabulary;
  description.width = spec.width;
  description.layers = static_cast<int>(spec.layers.size());
  description.pools_prompts = spec.pools_prompts;
  for (const auto& [key, value] : file.metadata().entries()) {
    // Arrays (vocabularies) and a whole tokenizer are not for people to read.
    if (std::holds_alternative<std::shared_ptr<const GgufArray>>(value) || key == "tokenizer.huggingface.json") continue;
    description.metadata.emplace_back(key, value);
  }
  for (const char* name : text_files) {
    TRIVIUM_TRY_ASSIGN(std::optional<std::string> text, file.find_text(name));
    if (text) description.texts[name] = std::move(*text);
  }
  return description;
}

Result<Inspection> inspect(const ModelFile& file) {
  Inspection inspection;
  inspection.file_bytes = static_cast<double>(file.total_bytes());
  inspection.tensors = file.tensors();
  for (const TensorEntry& tensor : inspection.tensors) {
    inspection.parameters += static_cast<double>(tensor.shape.elements());
    inspection.weight_bytes += static_cast<double>(tensor.bytes);
  }
  Result<ModelSpec> spec = spec_of(file);
  TRIVIUM_TRY_ASSIGN(inspection.description, describe(file, spec.ok() ? *spec : ModelSpec{}));
  if (!spec.ok()) {
    inspection.refusal = std::move(spec.error());
    if (const std::string* name = file.metadata().string("general.architecture")) inspection.description.architecture = *name;
    return inspection;
  }
  Result<ModelPlan> plan = plan_of(file, *spec, {});
  if (!plan.ok()) inspection.refusal = std::move(plan.error());
  else inspection.kv_dtype = own_kv_dtype(*plan);
  inspection.context = spec->context;
  inspection.kv_bytes_per_token = double(page_geometry_of(*spec, inspection.kv_dtype).page_bytes()) / page_tokens;
  return inspection;
}

}  // namespace trivium
