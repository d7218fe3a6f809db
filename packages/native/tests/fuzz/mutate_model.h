// Mutations of a GGUF model that stay a GGUF file: values, not bytes. What reads the file takes it; what means something
// by it must look out.
#pragma once
#include "mutate.h"

namespace fuzz {

// `bytes` is a GGUF file; the answer is one too, or `bytes` where nothing could be written.
std::string mutate_gguf_values(const std::string& bytes, Random& random);

}  // namespace fuzz
