// How a sentence-transformers folder makes vectors: the modules that modules.json lists, which run one after the other. One
// transformer, its pooling and unit length are computed here; what other modules would do to the vectors is refused by name.
#pragma once
#include "models/spec.h"

namespace trivium {

// Fills pooling, normalize and pools_prompts, and lowers the context to what the folder was trained for. A folder that lists no
// modules is taken for mean pooling and unit length, unless it has sentence-transformers' usual file of a pooling.
Status read_sentence_modules(const ModelFile& file, ModelSpec& spec);

}  // namespace trivium
