// What a model's files say of themselves, as plain data for people and for JavaScript. Refuses a file that cannot be read;
// a model that cannot be run it describes all the same, and says why not.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/spec.h"

namespace trivium {

struct Description {
  std::string path, container, kind, architecture, name;
  int vocabulary = 0, width = 0, layers = 0;
  bool pools_prompts = true;
  std::vector<std::pair<std::string, MetadataValue>> metadata;  // scalars only
  std::map<std::string, std::string> texts;                     // small files of a Hugging Face folder
};

struct Inspection {
  Description description;
  std::optional<Error> refusal;  // why it cannot be run
  double parameters = 0, file_bytes = 0, weight_bytes = 0, kv_bytes_per_token = 0;
  DType kv_dtype = DType::f16;  // of those bytes: the model's own
  int context = 0;
  std::vector<TensorEntry> tensors;
};

// An error where one of those small files is there and cannot be read.
Result<Description> describe(const ModelFile& file, const ModelSpec& spec);
Result<Inspection> inspect(const ModelFile& file);

}  // namespace trivium
