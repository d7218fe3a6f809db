// The codecs against PyPI's `gguf`, bit by bit (fixtures: scripts/fixtures-formats.py), and the 16-bit types whole.
#include "tensor/codecs.h"

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "check.h"
#include "tensor/super_blocks.h"
#include "tensor/tensor.h"

using namespace trivium;

namespace {

std::vector<char> bytes_of(const std::string& name) {
  std::ifstream file(std::string(TRIVIUM_FIXTURES) + "/formats/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// `gguf` does not write these types: what it reads from random bits, and that opening and closing lose none.
void check_super(DType dtype, const std::string& name) {
  const std::vector<char> stored = bytes_of("codecs." + name), decoded = bytes_of("codecs." + name + ".f32");
  REQUIRE(!stored.empty() && decoded.size() % 1024 == 0);
  const std::size_t elements = decoded.size() / 4;
  REQUIRE(row_bytes(dtype, static_cast<std::int64_t>(elements)) == stored.size());
  const auto* bytes = reinterpret_cast<const std::byte*>(stored.data());
  std::vector<float> values(elements);
  decode_row(dtype, bytes, values.data(), elements);
  CHECK(std::memcmp(values.data(), decoded.data(), decoded.size()) == 0);
  std::vector<std::byte> again(info(dtype).block_bytes);
  for (std::size_t at = 0; at < stored.size(); at += again.size()) {
    close_super(open_super(dtype, bytes + at), dtype, again.data());
    CHECK(std::memcmp(again.data(), bytes + at, again.size()) == 0);
  }
}

double root_mean_square(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double(value) * value;
  return std::sqrt(sum / double(values.size()));
}

void check_codec(DType dtype, const std::string& name) {
  const std::vector<char> source = bytes_of("codecs.f32"), stored = bytes_of("codecs." + name),
                          decoded = bytes_of("codecs." + name + ".f32");
  REQUIRE(!source.empty() && decoded.size() == source.size());
  const std::size_t elements = source.size() / 4;
  std::vector<float> values(elements);
  std::memcpy(values.data(), source.data(), source.size());
  std::vector<std::byte> encoded(row_bytes(dtype, static_cast<std::int64_t>(elements)));
  CHECK_EQ(encoded.size(), stored.size());
  encode_row(dtype, values.data(), encoded.data(), elements);
  CHECK(std::memcmp(encoded.data(), stored.data(), stored.size()) == 0);
  decode_row(dtype, reinterpret_cast<const std::byte*>(stored.data()), values.data(), elements);
  CHECK(std::memcmp(values.data(), decoded.data(), decoded.size()) == 0);
}

}  // namespace

TEST("Q8_0 is bit-exact with gguf") { check_codec(DType::q8_0, "q8_0"); }
TEST("Q4_0 is bit-exact with gguf") { check_codec(DType::q4_0, "q4_0"); }
TEST("BF16 is bit-exact with gguf") { check_codec(DType::bf16, "bf16"); }
TEST("F16 is bit-exact with gguf") { check_codec(DType::f16, "f16"); }

TEST("Q4_K, Q5_K and Q6_K are read as gguf reads them, bit by bit") {
  check_super(DType::q4_k, "q4_k");
  check_super(DType::q5_k, "q5_k");
  check_super(DType::q6_k, "q6_k");
}

TEST("quantizing to super-blocks keeps its two promises") {
  struct Row { DType dtype; double most, steps; };
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const Row& row : {Row{DType::q4_k, 0.075, 15}, {DType::q5_k, 0.038, 31}, {DType::q6_k, 0.018, 31}}) {
    std::vector<float> values(64 * super_elements), decoded(values.size()), errors(values.size());
    for (float& value : values) value = 0.02f * normal(random);
    std::vector<std::byte> bytes(row_bytes(row.dtype, static_cast<std::int64_t>(values.size())));
    encode_row(row.dtype, values.data(), bytes.data(), values.size());
    decode_row(row.dtype, bytes.data(), decoded.data(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) errors[i] = decoded[i] - values[i];
    CHECK(root_mean_square(errors) < row.most * root_mean_square(values));
    // Hard shapes: one outlier, one sign, all alike, a ramp. The widest step is at most range / steps.
    for (int shape = 0; shape < 6; ++shape) {
      float low = 0, high = 0;
      for (std::size_t i = 0; i < super_elements; ++i) {
        const float plain[] = {normal(random), std::fabs(normal(random)) + 3, -std::fabs(normal(random)) - 3, -2.5f, 7.0f, float(i) - 100};
        values[i] = shape == 0 && i == 77 ? 100.0f : plain[shape];
        low = std::min(low, values[i]);
        high = std::max(high, values[i]);
      }
      const double range = row.dtype == DType::q6_k ? std::max(high, -low) : high - low;
      encode_row(row.dtype, values.data(), bytes.data(), super_elements);
      decode_row(row.dtype, bytes.data(), decoded.data(), super_elements);
      for (std::size_t i = 0; i < super_elements; ++i) CHECK(std::fabs(decoded[i] - values[i]) <= 1.5 * range / row.steps);
    }
    std::fill_n(values.begin(), super_elements, 0.0f);
    encode_row(row.dtype, values.data(), bytes.data(), super_elements);
    decode_row(row.dtype, bytes.data(), decoded.data(), super_elements);
    for (std::size_t i = 0; i < super_elements; ++i) CHECK_EQ(decoded[i], 0.0f);
  }
}

TEST("every f16 survives the way to float and back; halfway goes to even") {
  int wrong = 0, misrounded = 0;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = f16_to_f32(half);
    if (std::isnan(value)) {
      wrong += !std::isnan(f16_to_f32(f32_to_f16(value)));
      continue;
    }
    wrong += f32_to_f16(value) != half;
    if ((half & 0x7FFF) >= 0x7BFF) continue;
    // Between two neighbours: exactly halfway is exact in float32, and so are its neighbours there.
    const float next = f16_to_f32(static_cast<std::uint16_t>(half + 1)), middle = value / 2 + next / 2;
    const auto even = static_cast<std::uint16_t>((half & 1) != 0 ? half + 1 : half);
    misrounded += f32_to_f16(middle) != even;
    misrounded += f32_to_f16(std::nextafter(middle, value)) != half;
    misrounded += f32_to_f16(std::nextafter(middle, next)) != static_cast<std::uint16_t>(half + 1);
  }
  CHECK_EQ(wrong, 0);
  CHECK_EQ(misrounded, 0);
  CHECK_EQ(f32_to_f16(65519.0f), 0x7BFF);
  CHECK_EQ(f32_to_f16(65520.0f), 0x7C00);
  CHECK_EQ(f32_to_f16(-1e-30f), 0x8000);
}

TEST("bf16 keeps NaN and infinity apart") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(std::isnan(bf16_to_f32(f32_to_bf16(std::bit_cast<float>(0x7F800001u)))));
  CHECK_EQ(bf16_to_f32(f32_to_bf16(infinity)), infinity);
  CHECK_EQ(bf16_to_f32(f32_to_bf16(1.00390625f)), 1.0f);   // halfway, to even
  CHECK_EQ(bf16_to_f32(f32_to_bf16(1.01171875f)), 1.015625f);
}

TEST("values that are not finite do no harm") {
  std::vector<float> values(256, std::numeric_limits<float>::quiet_NaN());
  values[3] = std::numeric_limits<float>::infinity();
  values[4] = 1e38f;
  values[100] = 65504.0f;
  for (const DType dtype : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q5_k, DType::q6_k, DType::f16, DType::bf16, DType::i32}) {
    std::vector<std::byte> bytes(row_bytes(dtype, 256));
    encode_row(dtype, values.data(), bytes.data(), 256);
    std::vector<float> infinite(256, -std::numeric_limits<float>::infinity());
    encode_row(dtype, infinite.data(), bytes.data(), 256);
  }
}

TEST("a block of Q8_0 with what is no number in it has no numbers, wherever that stands") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (const std::size_t at : {0, 3, 31}) {
      std::vector<float> values(96, 1.5f);
      values[32 + at] = bad;
      std::vector<std::byte> bytes(row_bytes(DType::q8_0, 96));
      encode_row(DType::q8_0, values.data(), bytes.data(), 96);
      decode_row(DType::q8_0, bytes.data(), values.data(), 96);
      for (std::size_t i = 0; i < 96; ++i) CHECK_EQ(std::isfinite(values[i]), i / 32 != 1);
    }
}

TEST("the dtype table and the names of all GGUF types") {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0, DType::q4_k, DType::q5_k, DType::q6_k, DType::i32}) {
    CHECK(info(dtype).dtype == dtype);
    CHECK(dtype_from_gguf(static_cast<std::uint32_t>(info(dtype).gguf_type)) == dtype);
    CHECK_EQ(gguf_type_name(static_cast<std::uint32_t>(info(dtype).gguf_type)), info(dtype).name);
  }
  CHECK_EQ(gguf_type_name(10), "Q2_K");
  CHECK_EQ(gguf_type_name(39), "MXFP4");
  CHECK_EQ(gguf_type_name(9999), "unknown");
  CHECK(!dtype_from_gguf(10));
  CHECK(dtype_from_safetensors("BF16") == DType::bf16);
  CHECK(!dtype_from_safetensors("Q8_0"));
  CHECK_EQ(row_bytes(DType::q4_0, 64), std::size_t{36});
}
