// What a weight becomes when it is quantized on loading, and that its rows are those of the codecs.
#include "models/load_types.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "check.h"
#include "tensor/codecs.h"

using namespace trivium;

namespace {

TensorEntry entry_of(DType dtype, std::int64_t rows, std::int64_t columns) {
  TensorEntry entry;
  entry.name = "w";
  entry.dtype = dtype;
  entry.shape = Shape::of(rows, columns);
  return entry;
}

}  // namespace

TEST("load types: plain matrices change, heads keep eight bits, short rows take smaller blocks") {
  CHECK(load_type(DType::q4_k, entry_of(DType::f16, 8, 512), Role::matrix) == DType::q4_k);
  CHECK(load_type(DType::q4_k, entry_of(DType::bf16, 8, 96), Role::matrix) == DType::q4_0);
  CHECK(load_type(DType::q6_k, entry_of(DType::f32, 8, 96), Role::matrix) == DType::q8_0);
  CHECK(load_type(DType::q4_0, entry_of(DType::f32, 8, 50), Role::matrix) == DType::f32);
  CHECK(load_type(DType::q4_0, entry_of(DType::f16, 8, 512), Role::matrix_and_table) == DType::q8_0);
  CHECK(load_type(DType::q4_0, entry_of(DType::f16, 8, 512), Role::table) == DType::f16);
  CHECK(load_type(DType::q4_0, entry_of(DType::f16, 1, 512), Role::vector) == DType::f16);
  CHECK(load_type(DType::q4_0, entry_of(DType::q8_0, 8, 512), Role::matrix) == DType::q8_0);
}

TEST("load types: names") {
  REQUIRE(load_type_named("q4_k").ok());
  CHECK(*load_type_named("q4_k") == DType::q4_k);
  const Result<DType> unknown = load_type_named("Q4_K");
  REQUIRE(!unknown.ok());
  CHECK_EQ(unknown.error().field, "quantize");
  CHECK_EQ(unknown.error().found, "Q4_K");
}

TEST("load types: rows are encoded as the codecs do it, from any first row, and errors pass through") {
  constexpr std::int64_t rows = 5, columns = 256;
  std::vector<float> values(rows * columns);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i) * 0.37f) * (1 + float(i % 7));
  std::vector<std::byte> halves(rows * columns * 2);
  encode_row(DType::f16, values.data(), halves.data(), values.size());
  bool broken = false;
  const WeightSource source = encoded(
      {"w", DType::f16, Shape::of(rows, columns),
       [&](std::int64_t first, std::int64_t count, std::byte* destination) -> Status {
         if (broken) return Error{ErrorCode::io, "gone", "", "", "", "", ""};
         std::memcpy(destination, halves.data() + first * columns * 2, static_cast<std::size_t>(count * columns * 2));
         return {};
       }},
      DType::q4_k);
  CHECK(source.dtype == DType::q4_k);
  const std::size_t bytes = info(DType::q4_k).block_bytes;
  std::vector<std::byte> found(3 * bytes), expected(3 * bytes);
  REQUIRE(source.read_rows(2, 3, found.data()).ok());
  std::vector<float> exact(columns);
  for (std::int64_t r = 0; r < 3; ++r) {
    decode_row(DType::f16, halves.data() + (2 + r) * columns * 2, exact.data(), columns);
    encode_row(DType::q4_k, exact.data(), expected.data() + std::size_t(r) * bytes, columns);
  }
  CHECK(found == expected);
  broken = true;
  CHECK(!source.read_rows(0, 1, found.data()).ok());
}
