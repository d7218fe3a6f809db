// Shapes and views. Row-major, outermost dimension first (GGUF's reversed order ends in formats/). No arithmetic.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tensor/dtype.h"

namespace trivium {

struct Shape {
  std::array<std::int64_t, 4> dims{1, 1, 1, 1};
  int rank = 0;

  static Shape of(std::int64_t a) { return {{a, 1, 1, 1}, 1}; }
  static Shape of(std::int64_t a, std::int64_t b) { return {{a, b, 1, 1}, 2}; }
  std::int64_t elements() const { return dims[0] * dims[1] * dims[2] * dims[3]; }
  std::int64_t columns() const { return rank == 0 ? 1 : dims[rank - 1]; }  // the fastest dimension
  std::int64_t rows() const { return columns() == 0 ? 0 : elements() / columns(); }
  bool operator==(const Shape& other) const = default;
};

std::string to_string(const Shape& shape);  // "[2, 64]"

// Bytes somebody else owns.
struct TensorView {
  DType dtype = DType::f32;
  Shape shape;
  const std::byte* data = nullptr;
  std::size_t bytes = 0;
};

// Bytes of one row, or of the whole: checked against overflow by formats/ when they come from a file.
std::size_t row_bytes(DType dtype, std::int64_t columns);

}  // namespace trivium
