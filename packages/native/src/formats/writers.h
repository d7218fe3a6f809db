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

// Scalars are written as other readers expect them: non-negative integers as UINT32, negative ones as INT32 (64 bits
// where they do not fit), floats as FLOAT32; arrays as INT32 or INT64, FLOAT32, BOOL, STRING. `general.alignment` is
// obeyed (default 32). F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K, Q6_K, I32.
Status write_gguf(const std::string& path, const Metadata& metadata, const std::vector<TensorToWrite>& tensors);
// Plain types only: a block format is an `unsupported` error. Stored by falling element size, so all stay aligned.
Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>& tensors,
                         const std::vector<std::pair<std::string, std::string>>& metadata);

}  // namespace trivium
