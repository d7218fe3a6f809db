#include "tensor/tensor.h"

namespace trivium {

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank; ++i) text += (i > 0 ? ", " : "") + std::to_string(shape.dims[i]);
  return text + "]";
}

std::size_t row_bytes(DType dtype, std::int64_t columns) {
  const DTypeInfo& row = info(dtype);
  return static_cast<std::size_t>(columns) / row.block_elements * row.block_bytes;
}

}  // namespace trivium
