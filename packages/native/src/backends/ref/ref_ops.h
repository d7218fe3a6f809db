// The operations of a plan, each as its definition.
#pragma once
#include <cstdint>
#include <vector>

#include "backends/backend.h"

namespace trivium::ref {

struct Matrix {
  float* data = nullptr;  // (rows, columns)
  std::int64_t rows = 0, columns = 0;
  float* row(std::int64_t r) const { return data + r * columns; }
};

// `views` by TensorId: inputs filled, the node's output to be written.
void run_node(const Node& node, std::vector<Matrix>& views, const Bindings& bindings);

}  // namespace trivium::ref
