// From spec to plan: the only place that knows the order of operations. It asks `weights` for handles by name and never
// for an architecture.
#pragma once
#include <functional>

#include "models/spec.h"
#include "models/weight_map.h"

namespace trivium {

// The handle of a weight of this shape; `required` false: no_tensor when the file has none.
using WeightLookup = std::function<TensorId(PlanBuilder&, WeightName, int layer, Shape shape, Role role, bool required)>;

// `activation_bits`: Linear::activation_bits of every product.
Result<Plan> build(const ModelSpec& spec, const WeightLookup& weights, int activation_bits);

}  // namespace trivium
