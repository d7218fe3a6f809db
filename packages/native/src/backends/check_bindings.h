// What a step may bind, checked once for every backend before anything is read: ids inside their tables,
// pages inside the pool, slices that cover the rows in order. After this the kernels need no checks.
#pragma once
#include "backends/backend.h"

namespace trivium {

// Every weight the plan names was uploaded.
Status check_weights(const Plan& plan, const std::vector<std::shared_ptr<const Buffer>>& weights);

Status check_bindings(const Plan& plan, const BatchShape& largest, const Bindings& bindings);

// Rows a tensor has in this step.
std::int64_t rows_in_step(const PlanTensor& tensor, const Bindings& bindings);

}  // namespace trivium
