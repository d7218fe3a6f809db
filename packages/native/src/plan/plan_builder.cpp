// Appends operations to a plan and checks their shapes as they come. A fault names the operation and both operands;
// only the first is kept, for what follows it is noise.
#include <string>
#include <utility>

#include "plan/plan.h"

namespace trivium {
namespace {

std::string rows_name(const PlanTensor& tensor) {
  switch (tensor.rows) {
    case Rows::fixed: return std::to_string(tensor.row_count);
    case Rows::tokens: return "tokens";
    case Rows::sequences: return "sequences";
    case Rows::outputs: return "outputs";
  }
  return "?";
}

std::string shown(const PlanTensor& tensor) {
  return (tensor.name.empty() ? "activation" : tensor.name) + " (" + rows_name(tensor) + ", " +
         std::to_string(tensor.columns) + ")";
}

}  // namespace

std::string describe_tensor(const PlanTensor& tensor) { return shown(tensor); }

TensorId PlanBuilder::refuse(std::string message) {
  if (fault_.ok()) {
    Error error;
    error.code = ErrorCode::bad_format;
    error.message = "The model's shapes do not fit together: " + std::move(message) + ".";
    error.remedy = "The file is damaged or of a variant that is not supported; get it again.";
    fault_ = std::move(error);
  }
  return no_tensor;
}

TensorId PlanBuilder::weight(std::string name, int index, DType dtype, const Shape& shape) {
  PlanTensor tensor;
  tensor.name = std::move(name);
  tensor.rows = Rows::fixed;
  tensor.row_count = shape.rank == 1 ? 1 : shape.rows();
  tensor.columns = shape.columns();
  tensor.dtype = dtype;
  tensor.weight = index;
  plan_.tensors_.push_back(std::move(tensor));
  return static_cast<TensorId>(plan_.tensors_.size()) - 1;
}

TensorId PlanBuilder::append(Attributes op, std::vector<TensorId> inputs, Rows rows, std::int64_t columns) {
  PlanTensor tensor;
  tensor.rows = rows;
  tensor.columns = columns;
  plan_.tensors_.push_back(std::move(tensor));
  const TensorId output = static_cast<TensorId>(plan_.tensors_.size()) - 1;
  plan_.nodes_.push_back({std::move(op), std::move(inputs), output});
  return output;
}

// A fault has left a hole: what is built on it is not looked at.
#define REQUIRE_TENSORS(...)                                \
  for (TensorId id : {__VA_ARGS__})                         \
    if (id == no_tensor) return refuse("an operand is absent")

TensorId PlanBuilder::embed_rows(TensorId table, IdInput ids, float scale) {
  REQUIRE_TENSORS(table);
  return append(EmbedRows{ids, scale}, {table}, Rows::tokens, plan_.tensors_[table].columns);
}

TensorId PlanBuilder::normalize(TensorId x, NormKind kind, TensorId weight, TensorId bias, float epsilon,
                                std::int64_t group) {
  REQUIRE_TENSORS(x, weight);
  const PlanTensor in = plan_.tensors_[x];
  const std::int64_t width = group == 0 ? in.columns : group;
  if (width <= 0 || in.columns % width != 0) return refuse("a norm of " + std::to_string(width) + " over " + shown(in));
  for (TensorId id : {weight, bias})
    if (id != no_tensor && plan_.tensors_[id].columns != width)
      return refuse("norm of " + shown(in) + " by " + shown(plan_.tensors_[id]));
  return append(Normalize{kind, epsilon, width}, {x, weight, bias}, in.rows, in.columns);
}

TensorId PlanBuilder::linear(TensorId x, TensorId weight, TensorId bias) {
  REQUIRE_TENSORS(x, weight);
  const PlanTensor in = plan_.tensors_[x], w = plan_.tensors_[weight];
  if (w.columns != in.columns) return refuse("linear of " + shown(in) + " by " + shown(w));
  if (bias != no_tensor && plan_.tensors_[bias].columns != w.row_count)
    return refuse("bias " + shown(plan_.tensors_[bias]) + " on " + shown(w));
  return append(Linear{activation_bits_}, {x, weight, bias}, in.rows, w.row_count);
}

TensorId PlanBuilder::rope(TensorId x, Rope attributes) {
  REQUIRE_TENSORS(x);
  const PlanTensor in = plan_.tensors_[x];
  const bool fits = std::int64_t(attributes.heads) * attributes.head_dim == in.columns && attributes.rotary_dim > 0 &&
                    attributes.rotary_dim % 2 == 0 && attributes.rotary_dim <= attributes.head_dim &&
                    attributes.inverse_frequencies.size() == std::size_t(attributes.rotary_dim) / 2;
  if (!fits) return refuse("rope of " + std::to_string(attributes.rotary_dim) + " channels on " + shown(in));
  return append(std::move(attributes), {x}, in.rows, in.columns);
}

namespace {

bool attention_fits(const Attention& a, const PlanTensor& q, const PlanTensor& k, const PlanTensor& v) {
  return a.heads > 0 && a.kv_heads > 0 && a.heads % a.kv_heads == 0 && a.head_dim > 0 && a.layer >= 0 &&
         q.columns == std::int64_t(a.heads) * a.head_dim && k.columns == std::int64_t(a.kv_heads) * a.head_dim &&
         v.columns == k.columns && q.rows == Rows::tokens && k.rows == Rows::tokens && v.rows == Rows::tokens;
}

}  // namespace

TensorId PlanBuilder::paged_attention(TensorId q, TensorId k, TensorId v, Attention attributes) {
  REQUIRE_TENSORS(q, k, v);
  const PlanTensor &tq = plan_.tensors_[q], &tk = plan_.tensors_[k], &tv = plan_.tensors_[v];
  if (!attention_fits(attributes, tq, tk, tv)) return refuse("attention of " + shown(tq) + " over " + shown(tk));
  if (attributes.layer >= plan_.kv_layers_) plan_.kv_layers_ = attributes.layer + 1;
  return append(PagedAttention{attributes}, {q, k, v}, Rows::tokens, tq.columns);
}

TensorId PlanBuilder::ragged_attention(TensorId q, TensorId k, TensorId v, Attention attributes) {
  REQUIRE_TENSORS(q, k, v);
  const PlanTensor &tq = plan_.tensors_[q], &tk = plan_.tensors_[k], &tv = plan_.tensors_[v];
  if (!attention_fits(attributes, tq, tk, tv)) return refuse("attention of " + shown(tq) + " over " + shown(tk));
  return append(RaggedAttention{attributes}, {q, k, v}, Rows::tokens, tq.columns);
}

TensorId PlanBuilder::glu(TensorId gate, TensorId up, Activation activation) {
  REQUIRE_TENSORS(gate, up);
  const PlanTensor a = plan_.tensors_[gate], b = plan_.tensors_[up];
  if (a.columns != b.columns || a.rows != b.rows) return refuse("gate " + shown(a) + " with " + shown(b));
  return append(Glu{activation}, {gate, up}, a.rows, a.columns);
}

TensorId PlanBuilder::activate(TensorId x, Activation activation) {
  REQUIRE_TENSORS(x);
  return append(Activate{activation}, {x}, plan_.tensors_[x].rows, plan_.tensors_[x].columns);
}

TensorId PlanBuilder::add(TensorId a, TensorId b) {
  REQUIRE_TENSORS(a, b);
  const PlanTensor left = plan_.tensors_[a], right = plan_.tensors_[b];
  if (left.columns != right.columns || left.rows != right.rows) return refuse(shown(left) + " + " + shown(right));
  return append(Add{}, {a, b}, left.rows, left.columns);
}

TensorId PlanBuilder::gather_outputs(TensorId x) {
  REQUIRE_TENSORS(x);
  if (plan_.tensors_[x].rows != Rows::tokens) return refuse("outputs of " + shown(plan_.tensors_[x]));
  return append(GatherOutputs{}, {x}, Rows::outputs, plan_.tensors_[x].columns);
}

TensorId PlanBuilder::pool(TensorId x, Pooling pooling) {
  REQUIRE_TENSORS(x);
  if (plan_.tensors_[x].rows != Rows::tokens) return refuse("pooling of " + shown(plan_.tensors_[x]));
  return append(Pool{pooling}, {x}, Rows::sequences, plan_.tensors_[x].columns);
}

TensorId PlanBuilder::normalize_l2(TensorId x) {
  REQUIRE_TENSORS(x);
  return append(NormalizeL2{}, {x}, plan_.tensors_[x].rows, plan_.tensors_[x].columns);
}

void PlanBuilder::output(TensorId x) {
  if (x == no_tensor)
    refuse("an output is absent");
  else
    plan_.outputs_.push_back(x);
}

#undef REQUIRE_TENSORS

Result<Plan> PlanBuilder::finish() {
  if (!fault_.ok()) return std::move(fault_.error());
  return std::move(plan_);
}

}  // namespace trivium
