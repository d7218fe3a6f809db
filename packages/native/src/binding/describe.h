// What a model's files say of themselves, as plain data for JavaScript (lib/addon.ts: RawDescription, RawInspection).
#pragma once
#include <napi.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/spec.h"

namespace trivium::binding {

struct Description {
  std::string path, container, kind, architecture, name;
  int vocabulary = 0, width = 0, layers = 0;
  std::vector<std::pair<std::string, MetadataValue>> metadata;  // scalars only
  std::map<std::string, std::string> texts;                     // small files of a Hugging Face folder
};

struct Inspection {
  Description description;
  std::optional<Error> refusal;  // why it cannot be run
  double parameters = 0, file_bytes = 0, weight_bytes = 0, kv_bytes_per_token = 0;
  int context = 0;
  std::vector<TensorEntry> tensors;
};

Description describe(const ModelFile& file, const ModelSpec& spec);
Result<Inspection> inspect(const std::string& path);
Napi::Object to_js(Napi::Env env, const Description& description);
Napi::Object to_js(Napi::Env env, const Inspection& inspection);

}  // namespace trivium::binding
