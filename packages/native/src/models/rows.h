// The table of architectures: one row a name and container. A row fills a ModelSpec from what the file says and names
// the map of its weights. Nothing after this asks for an architecture's name.
#pragma once
#include <string_view>
#include <vector>

#include "models/rope.h"
#include "models/spec.h"
#include "models/weight_map.h"

namespace trivium {

struct ArchitectureRow {
  std::string_view name;                            // general.architecture, or model_type of config.json
  Result<ModelSpec> (*spec)(const ModelFile& file);
  const WeightMap& (*weights)();
  std::vector<std::string> prefixes;                // of tensor names, tried in order
};

const std::vector<ArchitectureRow>& gguf_rows();
const std::vector<ArchitectureRow>& hf_rows();
// The row of a file; `unsupported`, naming the architecture and all rows, when there is none.
Result<const ArchitectureRow*> row_of(const ModelFile& file);

// Shared by rows: what a field says is not supported, and `expected` lists what is.
Error unsupported(const ModelFile& file, std::string field, std::string found, std::string expected);
// A count from a file, refused outside [1, most].
Result<int> checked_count(const ModelFile& file, std::string_view field, std::optional<std::int64_t> found, std::int64_t most);
// Frequencies and scale; refused, naming `field`, when base, factor or original context are no sensible numbers.
Result<RopeSpec> checked_rope(const ModelFile& file, std::string_view field, RopeStyle style, double base, int rotary_dim,
                              const RopeScaling& scaling);
Status check_heads(const ModelFile& file, const AttentionSpec& attention);
// A classification head of one label makes a cross-encoder of the spec; one of several is `unsupported`, naming `field`.
Status make_cross_encoder(const ModelFile& file, std::string_view field, std::int64_t labels, bool pooler, ModelSpec& spec);

}  // namespace trivium
