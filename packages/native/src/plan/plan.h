// A plan: what to compute, as a list of operations on typed tensor handles. The vocabulary that models/ write and
// backends run. It knows shapes and the order of operations; it knows no weights' bytes, threads, kernels or files.
//
// The first dimension of an activation counts what a step brings (tokens, sequences, wanted outputs) and is bound at
// run time, so one plan serves prefill chunks and decode batches alike. All activations are float32.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tensor/tensor.h"

namespace trivium {

using TensorId = std::int32_t;  // index into Plan::tensors()
inline constexpr TensorId no_tensor = -1;

enum class Rows {
  fixed,      // weights
  tokens,     // one row a token of the step
  sequences,  // one row a sequence of the step
  outputs,    // one row a token whose result is wanted
};

struct PlanTensor {
  std::string name;             // for errors and inspection
  Rows rows = Rows::fixed;
  std::int64_t row_count = 0;   // when fixed
  std::int64_t columns = 0;
  DType dtype = DType::f32;     // of the source for weights; f32 for activations
  int weight = -1;              // index into the weights given to Backend::compile, -1: an activation
};

enum class IdInput { tokens, positions, types };               // which id list embed_rows reads
enum class NormKind { rms, layer };                            // x / rms(x) * w        (x - mean) / sd * w + b
enum class Activation { silu, gelu_erf, gelu_tanh, tanh };
enum class RopeStyle { half, interleaved };                    // pairs (i, i + d/2), or (2i, 2i + 1)
enum class Pooling { mean, cls, last, sum };

struct EmbedRows { IdInput ids; float scale = 1; };            // out[t] = table[ids[t]] * scale
struct Normalize { NormKind kind; float epsilon; std::int64_t group; };  // group: columns a norm spans (a head, or all)
struct Linear { int activation_bits; };                        // out = x · wᵀ (+ bias); weight (out, in). A backend that rounds
                                                               // x for a quantized weight keeps this many bits: 8 or 16
struct Rope {
  int heads, head_dim, rotary_dim;                             // the first rotary_dim channels of each head turn
  RopeStyle style;
  std::vector<float> inverse_frequencies;                      // (rotary_dim / 2): scaling already applied
  float attention_scale = 1;                                   // YaRN's mscale, multiplied into cos and sin
};
struct Attention {
  int heads, kv_heads, head_dim;
  float scale;                                                 // usually 1 / sqrt(head_dim)
  int window = 0;                                              // keys a query sees, its own included; 0: all
  int layer = 0;                                               // KV layer; unused by ragged attention
};
struct PagedAttention : Attention {};    // stores k, v of the step into pages, then attends causally
struct RaggedAttention : Attention {};   // bidirectional inside each sequence of the step, no cache
struct Glu { Activation activation; };                         // act(gate) * up
struct Activate { Activation activation; };
struct Add {};
struct GatherOutputs {};                                       // rows at Bindings::output_rows
struct Pool { Pooling pooling; };                              // tokens -> sequences
struct NormalizeL2 {};

using Attributes = std::variant<EmbedRows, Normalize, Linear, Rope, PagedAttention, RaggedAttention, Glu, Activate, Add,
                                GatherOutputs, Pool, NormalizeL2>;

struct Node {
  Attributes op;
  std::vector<TensorId> inputs;  // fixed order per operation, no_tensor where an optional one is absent
  TensorId output = no_tensor;
};

// Collects nodes and checks their shapes as they come; the first fault is kept and returned by finish().
class PlanBuilder;

class Plan {
 public:
  const std::vector<PlanTensor>& tensors() const { return tensors_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<TensorId>& outputs() const { return outputs_; }  // in the order of Bindings::outputs
  int kv_layers() const { return kv_layers_; }                       // 1 + the largest PagedAttention::layer
  std::string describe() const;                                      // one line a node, for people and tests

 private:
  friend class PlanBuilder;
  std::vector<PlanTensor> tensors_;
  std::vector<Node> nodes_;
  std::vector<TensorId> outputs_;
  int kv_layers_ = 0;
};

class PlanBuilder {
 public:
  explicit PlanBuilder(int activation_bits = 8) : activation_bits_(activation_bits) {}

  // `index`: position of the weight in the list given to Backend::compile.
  TensorId weight(std::string name, int index, DType dtype, const Shape& shape);

  TensorId embed_rows(TensorId table, IdInput ids, float scale = 1);                      // (tokens, columns)
  TensorId normalize(TensorId x, NormKind kind, TensorId weight, TensorId bias, float epsilon, std::int64_t group = 0);
  TensorId linear(TensorId x, TensorId weight, TensorId bias = no_tensor);                // (rows of x, out)
  TensorId rope(TensorId x, Rope attributes);                                             // shape of x
  TensorId paged_attention(TensorId q, TensorId k, TensorId v, Attention attributes);     // (tokens, heads * head_dim)
  TensorId ragged_attention(TensorId q, TensorId k, TensorId v, Attention attributes);    // (tokens, heads * head_dim)
  TensorId glu(TensorId gate, TensorId up, Activation activation);
  TensorId activate(TensorId x, Activation activation);
  TensorId add(TensorId a, TensorId b);
  TensorId gather_outputs(TensorId x);                                                    // (outputs, columns)
  TensorId pool(TensorId x, Pooling pooling);                                             // (sequences, columns)
  TensorId normalize_l2(TensorId x);
  void output(TensorId x);

  Result<Plan> finish();

 private:
  TensorId append(Attributes op, std::vector<TensorId> inputs, Rows rows, std::int64_t columns);
  TensorId refuse(std::string message);
  int activation_bits_;  // of every Linear
  Plan plan_;
  Status fault_;
};

}  // namespace trivium
