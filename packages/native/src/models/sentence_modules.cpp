#include "models/sentence_modules.h"

#include <algorithm>

#include "formats/errors.h"
#include "models/rows.h"

namespace trivium {
namespace {

Error unsupported_module(const ModelFile& file, std::string field, std::string problem, std::string found) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = std::move(problem);
  error.file = file.path();
  error.field = std::move(field);
  error.expected = "Transformer, Pooling and perhaps Normalize, of sentence-transformers";
  error.found = std::move(found);
  error.remedy = "Use an embedder of these modules; without the others its vectors would be wrong.";
  return error;
}

// The class that a type names: "Pooling" of "sentence_transformers.models.Pooling" and of every other place that versions had
// for it. Code of the folder's own may be called so too and do anything: it is none of them.
std::string_view class_of(std::string_view type) {
  return type.starts_with("sentence_transformers.") ? type.substr(type.rfind('.') + 1) : std::string_view();
}

Result<Json> config_at(const ModelFile& file, const std::string& name) {
  TRIVIUM_TRY_ASSIGN(const std::string text, file.read_text(name));
  return Json::parse(text, file.path() + "/" + name);
}

// Null where there is no such file.
Result<Json> config_if_there(const ModelFile& file, const std::string& name) {
  Result<Json> config = config_at(file, name);
  if (!config.ok() && config.error().code == ErrorCode::not_found) return Json();
  return config;
}

// `pooling_mode`, one or a list of them whose vectors are joined, or else one flag a mode as versions before 6 write it.
std::vector<std::string> modes_of(const Json& pooling) {
  std::vector<std::string> modes;
  const Json* mode = pooling.find("pooling_mode");
  if (mode && mode->is_array()) {
    for (const Json& one : mode->items()) modes.push_back(one.string());
  } else if (mode) {
    modes.push_back(mode->string());
  } else {
    for (const auto& [key, value] : pooling.members())
      if (key.starts_with("pooling_mode_") && value.boolean()) modes.push_back(key.substr(13));
  }
  return modes;
}

Result<Pooling> pooling_of(const ModelFile& file, const Json& pooling) {
  std::string said;
  for (const std::string& mode : modes_of(pooling)) said += (said.empty() ? "" : "+") + mode;
  if (said.empty() || said == "mean" || said == "mean_tokens") return Pooling::mean;
  if (said == "cls" || said == "cls_token") return Pooling::cls;
  if (said == "lasttoken") return Pooling::last;
  return unsupported(file, "pooling_mode", said, "mean, cls, lasttoken");
}

Status read_pooling(const ModelFile& file, const Json& pooling, ModelSpec& spec) {
  TRIVIUM_TRY_ASSIGN(spec.pooling, pooling_of(file, pooling));
  spec.pools_prompts = spec.pooling != Pooling::mean || pooling.boolean_or("include_prompt", true);
  return {};
}

// Of several poolings the last holds, and unit length where it comes after: each reads the transformer's rows and writes over
// the vector that stood there.
Status read_modules(const ModelFile& file, const Json& modules, ModelSpec& spec) {
  bool pooled = false;
  for (const Json& module : modules.items()) {
    const std::string type = module.string_or("type", ""), path = module.string_or("path", "");
    const std::string_view kind = class_of(type);
    if (kind == "Transformer") continue;
    if (kind != "Pooling" && kind != "Normalize")
      return unsupported_module(file, "modules.json", "The module " + printable(type) + " is not supported.", printable(type));
    const std::string name = path.empty() ? "config.json" : path + "/config.json";
    if (kind == "Normalize") {
      TRIVIUM_TRY_ASSIGN(const Json config, config_if_there(file, name));
      const std::string input = config.string_or("module_input_name", "sentence_embedding");
      if (input != "sentence_embedding")
        return unsupported_module(file, name + ": module_input_name", "Unit length of tokens' vectors is not supported.", printable(input));
    } else {
      TRIVIUM_TRY_ASSIGN(const Json config, config_at(file, name));
      TRIVIUM_TRY(read_pooling(file, config, spec));
      pooled = true;
    }
    spec.normalize = kind == "Normalize";
  }
  if (!pooled) return unsupported_module(file, "modules.json", "A model that does not pool has a vector a token.", "no Pooling");
  return {};
}

// What its transformer computes and how much it is given.
Status read_transformer(const ModelFile& file, const Json& config, ModelSpec& spec) {
  const std::string task = config.string_or("transformer_task", "feature-extraction");
  if (task != "feature-extraction") return unsupported(file, "transformer_task", task, "feature-extraction");
  const std::int64_t most = config.integer_at("max_seq_length").value_or(spec.context);
  spec.context = static_cast<int>(std::clamp<std::int64_t>(most, 1, spec.context));
  return {};
}

}  // namespace

Status read_sentence_modules(const ModelFile& file, ModelSpec& spec) {
  TRIVIUM_TRY_ASSIGN(const Json modules, config_if_there(file, "modules.json"));
  if (modules.is_null()) {
    spec.normalize = true;
    TRIVIUM_TRY_ASSIGN(const Json pooling, config_if_there(file, "1_Pooling/config.json"));
    TRIVIUM_TRY(read_pooling(file, pooling, spec));
  } else {
    TRIVIUM_TRY(read_modules(file, modules, spec));
  }
  TRIVIUM_TRY_ASSIGN(const Json transformer, config_if_there(file, "sentence_bert_config.json"));
  return read_transformer(file, transformer, spec);
}

}  // namespace trivium
