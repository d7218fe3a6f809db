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
constexpr int encoders_of_these = 2, layout_of_these = 1;
constexpr Golden goldens[] = {
    {DType::f32, 0x08a582486bea0f5au, 0x05cbd15abe381f54u},
    {DType::f16, 0x590e3aa69567079eu, 0xa157b5659905f1c8u},
    {DType::bf16, 0xd7af454631bc23e5u, 0xe61bc0d6b5aa3536u},
    {DType::q8_0, 0xbacd9d9960b56d58u, 0xa538901bbbf5d399u},
    {DType::q4_0, 0x94722ecc95657a0eu, 0x977c77a24432d207u},
    {DType::q4_k, 0x5c34c6afcc26f365u, 0x7a78f925b28f1076u},
    {DType::q5_k, 0x986a5f8aae4ce8a6u, 0xc75940064e74db09u},
    {DType::q6_k, 0x10653270e3c6c172u, 0xfa2b75f55aeefd78u},
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
