// What an architecture *is*, as data. Knows nothing of files, kernels or sequences. A new architecture is a row in
// the tables of gguf_rows.cpp and hf_rows.cpp that fills a ModelSpec; build() below never asks which one it is.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "base/result.h"
#include "formats/model_file.h"
#include "plan/plan.h"

namespace trivium {

enum class ModelKind { causal, encoder, static_embedding, cross_encoder };  // the last scores pairs of texts
enum class NormPlacement { before, after };  // llama: norm -> block -> add; bert: block -> add -> norm

struct NormSpec { NormKind kind = NormKind::rms; float epsilon = 1e-5f; };
struct RopeSpec {
  bool enabled = false;
  int rotary_dim = 0;
  RopeStyle style = RopeStyle::half;
  std::vector<float> inverse_frequencies;  // (rotary_dim / 2), all scaling applied
  float attention_scale = 1;
  int extended_context = 0;                // tokens that scaling reaches by its own account (YaRN), 0: it does not say
};
struct AttentionSpec {
  int heads = 0, kv_heads = 0, head_dim = 0;
  RopeSpec rope;
  bool qk_norm = false, bias = false, output_bias = false;
  float scale = 0;
  int window = 0;       // 0: all
  bool causal = true;
};
struct MlpSpec { int hidden = 0; bool gated = true, bias = false; Activation activation = Activation::silu; };
struct LayerSpec { AttentionSpec attention; MlpSpec mlp; NormPlacement norms = NormPlacement::before; };
struct EmbeddingSpec {
  bool positions = false;
  int types = 0;        // rows of the table of token types, 0: there is none
  bool norm = false;
  float scale = 1;
};
struct HeadSpec {
  bool logits = true, tied = false, final_norm = true;
  int scores = 0;       // labels of a classification head over the pooled row, 0: there is none
  bool pooler = false;  // such a head sees tanh(W row + b) instead of the row
};

struct ModelSpec {
  std::string architecture;  // as the file names it
  std::string name;          // what people call the model, may be empty
  ModelKind kind = ModelKind::causal;
  int vocabulary = 0, width = 0, context = 0;
  NormSpec norm;
  EmbeddingSpec embedding;
  std::vector<LayerSpec> layers;  // one per layer: patterns are lists
  HeadSpec head;
  std::optional<Pooling> pooling;
  bool normalize = false;         // unit length after pooling
  bool pools_prompts = true;      // false: the tokens of a prompt before a text are left out of the mean
};

Result<ModelSpec> spec_of(const ModelFile& file);            // by container and architecture name
std::vector<std::string> supported_architectures();

// What was asked for; absent: weights as in the file, keys and values in f32 for F32 models and f16 otherwise, and the
// bits of activations that default_activation_bits() gives.
struct Precision {
  std::optional<DType> weights, keys_and_values;
  std::optional<int> activation_bits;  // 8 or 16
};

struct PackCache;

// Where packed weights are to be kept: the file, what it is for, and what it calls each weight.
struct PackTarget {
  std::string path, key;
  std::vector<std::string> labels;  // in the order of LoadedModel::weights()
};

// A model on a backend: weights uploaded once, shared by every program compiled from it.
class LoadedModel {
 public:
  static Result<std::shared_ptr<LoadedModel>> load(std::shared_ptr<const ModelFile> file, std::shared_ptr<Backend> backend,
                                                   const Precision& precision, const PackCache& cache,
                                                   const std::function<Status(double share)>& progress);
  const ModelSpec& spec() const { return spec_; }
  Backend& backend() const { return *backend_; }
  std::size_t weight_bytes() const;
  bool is_mapped() const { return mapped_; }  // weights lie in a pack file, whose pages all processes share
  const std::vector<std::shared_ptr<const Buffer>>& weights() const { return weights_; }
  // Of weights that were packed and are to be kept.
  const std::optional<PackTarget>& pack_target() const { return pack_target_; }
  PageGeometry page_geometry() const;
  // The plan of this spec: causal -> logits (outputs, vocabulary); encoder, static -> embeddings (sequences, width),
  // cross-encoder -> scores (sequences, labels), and of these the rows of wanted tokens before pooling (outputs, width).
  Result<std::unique_ptr<Program>> compile(const BatchShape& largest) const;

 private:
  ModelSpec spec_;
  std::shared_ptr<Backend> backend_;
  std::vector<std::shared_ptr<const Buffer>> weights_;
  Plan plan_;
  DType kv_dtype_ = DType::f32;
  bool mapped_ = false;
  std::optional<PackTarget> pack_target_;
};

}  // namespace trivium
