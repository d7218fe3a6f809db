// What model_file.cpp chooses between. Each opens its container completely checked, or says what is wrong.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "formats/model_file.h"
#include "formats/tensor_table.h"

namespace trivium {

Result<std::shared_ptr<const ModelFile>> open_gguf(const std::string& path);
Result<std::shared_ptr<const ModelFile>> open_hugging_face_folder(const std::string& folder);
Result<std::shared_ptr<const ModelFile>> open_safetensors(const std::string& path);

// One GGUF file: header, metadata and the tensor table, which goes into `table` as a new part.
Result<Metadata> read_gguf_part(const std::string& path, TensorTable& table);
// One safetensors file. `wanted` says which names to take (an index may send a name to another shard).
Status read_safetensors_part(const std::string& path, TensorTable& table,
                             const std::function<bool(std::string_view name)>& wanted);

// A relative path with '/' between its parts that cannot leave the folder it is relative to.
bool stays_inside(std::string_view name);

}  // namespace trivium
