// Writers of GGUF v3 and safetensors: to a temporary name, synced, then renamed, so a full disk or a crash leaves
// what was there before.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/model_file.h"

namespace trivium {

struct TensorToWrite {
  std::string name;
  TensorView view;
};

Status write_gguf(const std::string& path, const Metadata& metadata, const std::vector<TensorToWrite>& tensors);
Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                         const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace trivium
