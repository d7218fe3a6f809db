// A plan as text, one line a node, for people and tests.
#include <string>

#include "plan/plan.h"

namespace trivium {

std::string describe_tensor(const PlanTensor& tensor);

namespace {

struct OpName {
  const char* operator()(const EmbedRows&) const { return "embed_rows"; }
  const char* operator()(const Normalize&) const { return "normalize"; }
  const char* operator()(const Linear&) const { return "linear"; }
  const char* operator()(const Rope&) const { return "rope"; }
  const char* operator()(const PagedAttention&) const { return "paged_attention"; }
  const char* operator()(const RaggedAttention&) const { return "ragged_attention"; }
  const char* operator()(const Glu&) const { return "glu"; }
  const char* operator()(const Activate&) const { return "activate"; }
  const char* operator()(const Add&) const { return "add"; }
  const char* operator()(const GatherOutputs&) const { return "gather_outputs"; }
  const char* operator()(const Pool&) const { return "pool"; }
  const char* operator()(const NormalizeL2&) const { return "normalize_l2"; }
};

}  // namespace

std::string Plan::describe() const {
  std::string text;
  for (const Node& node : nodes_) {
    text += "%" + std::to_string(node.output) + " = " + std::visit(OpName{}, node.op);
    for (TensorId input : node.inputs) {
      if (input == no_tensor) continue;
      const PlanTensor& tensor = tensors_[input];
      text += tensor.weight >= 0 ? " " + tensor.name : " %" + std::to_string(input);
    }
    text += " -> " + describe_tensor(tensors_[node.output]) + "\n";
  }
  return text;
}

}  // namespace trivium
