// Files keep packed weights, so their bytes are a format: they change with a new version or not at all.
#include "backends/cpu/packed_matrix.h"
#include "base/hash.h"
#include "plan_fixture.h"

using namespace trivium;
using namespace trivium::test;

namespace {

struct Golden {
  DType dtype;
  std::uint64_t encoded, packed;
};

// Another hash in the first column wants a new encoders_version, one in the second alone a new packed_layout: raise it here
// and there, and write the new hash down.
constexpr int encoders_of_these = 1, layout_of_these = 1;
constexpr Golden goldens[] = {
    {DType::f32, 0, 0},
    {DType::f16, 0, 0},
    {DType::bf16, 0, 0},
    {DType::q8_0, 0, 0},
    {DType::q4_0, 0, 0},
    {DType::q4_k, 0, 0},
    {DType::q5_k, 0, 0},
    {DType::q6_k, 0, 0},
};

// Of no library, whose distributions differ.
std::vector<float> values(std::size_t count) {
  std::vector<float> all(count);
  std::uint32_t state = 12345;
  for (float& value : all) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(state)) / 2147483648.0f;
  }
  return all;
}

}  // namespace

TEST("encoded rows and packed panels are the bytes of their versions") {
  CHECK_EQ(encoders_version, encoders_of_these);
  CHECK_EQ(cpu::packed_layout, layout_of_these);
  CHECK_EQ(std::size(goldens), std::size(weight_types));
  constexpr std::int64_t rows = 33, columns = 512;
  const std::vector<float> floats = values(rows * columns);
  for (const auto& [dtype, encoded, packed] : goldens) {
    const std::size_t row = row_bytes(dtype, columns);
    std::vector<std::byte> bytes(rows * row);
    for (std::int64_t r = 0; r < rows; ++r) encode_row(dtype, floats.data() + r * columns, bytes.data() + r * row, columns);
    CHECK_EQ(hash64(bytes.data(), bytes.size()), encoded);
    const WeightSource source{"w", dtype, Shape::of(rows, columns),
                              [&](std::int64_t first, std::int64_t count, std::byte* to) -> Status {
                                std::memcpy(to, bytes.data() + first * row, count * row);
                                return {};
                              }};
    const auto matrix = cpu::pack_matrix(source);
    REQUIRE(matrix.ok());
    CHECK_EQ(hash64(matrix->bytes.data(), matrix->bytes.size()), packed);
  }
}
