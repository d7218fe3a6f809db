// What loading a file would compute, made from the names and shapes of its tensors: the plan of its spec and the tensors that
// the plan is over. Reads no tensor's bytes and needs no backend, so it also says whether a model can be loaded at all.
#pragma once
#include <vector>

#include "models/spec.h"
#include "tensor/page_geometry.h"

namespace trivium {

struct PlannedWeight {
  const TensorEntry* entry;  // of the file, which outlives this
  Role role;
  DType dtype;               // as it is held
};

struct ModelPlan {
  Plan plan;
  std::vector<PlannedWeight> weights;  // in the order of PlanTensor::weight
};

// `spec`: spec_of(file). A weight that the file lacks or holds in another shape is `bad_format`, one that it holds in a form
// that is not read `unsupported`; both name the tensor.
Result<ModelPlan> plan_of(const ModelFile& file, const ModelSpec& spec, const Precision& precision);

// The type of keys and values where none is asked for: f32 beside weights that are all held in it, else f16.
DType own_kv_dtype(const ModelPlan& planned);

// Pages hold layers alike: each takes what the largest needs.
PageGeometry page_geometry_of(const ModelSpec& spec, DType dtype);

}  // namespace trivium
