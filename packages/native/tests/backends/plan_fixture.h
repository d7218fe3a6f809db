// Builds small plans over random weights and runs them on any backend, for comparing one with another.
#pragma once
#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "../check.h"
#include "backends/backend.h"
#include "tensor/codecs.h"

namespace trivium::test {

// Every type that a matrix may have.
inline constexpr DType weight_types[] = {DType::f32,  DType::f16,  DType::bf16, DType::q8_0,
                                         DType::q4_0, DType::q4_k, DType::q5_k, DType::q6_k};
inline bool is_quantized(DType dtype) { return info(dtype).block_elements > 1; }

struct Weight {
  DType dtype;
  Shape shape;
  Role role;
  std::vector<std::byte> bytes;
};

// A plan and the weights it names, made from one seed.
class Network {
 public:
  explicit Network(std::uint32_t seed, int activation_bits = 8) : plan(activation_bits), random_(seed) {}

  TensorId weight(DType dtype, Shape shape, Role role, float mean = 0, float deviation = 0.3f) {
    Weight w{dtype, shape, role, {}};
    const std::int64_t columns = shape.columns(), rows = shape.rank == 1 ? 1 : shape.rows();
    w.bytes.resize(row_bytes(dtype, columns) * rows);
    std::normal_distribution<float> normal(mean, deviation);
    std::vector<float> row(columns);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (float& value : row) value = normal(random_);
      encode_row(dtype, row.data(), w.bytes.data() + r * row_bytes(dtype, columns), columns);
    }
    weights.push_back(std::move(w));
    return plan.weight(std::string("w").append(std::to_string(weights.size())), int(weights.size()) - 1,
                       dtype, shape);
  }

  PlanBuilder plan;
  std::vector<Weight> weights;

 private:
  std::mt19937 random_;
};

struct Step {
  std::vector<std::int32_t> tokens, positions, output_rows;
  std::vector<SequenceSlice> slices;
  std::size_t output_size = 0;
};

class Runner {
 public:
  Runner(Backend& backend, const Plan& plan, const std::vector<Weight>& weights, const BatchShape& largest)
      : backend_(backend) {
    for (const Weight& w : weights) {
      const std::size_t row = row_bytes(w.dtype, w.shape.columns());
      const WeightSource source{"w", w.dtype, w.shape,
                                [&](std::int64_t first, std::int64_t rows, std::byte* to) -> Status {
                                  std::memcpy(to, w.bytes.data() + first * row, rows * row);
                                  return {};
                                }};
      auto buffer = backend.upload(source, w.role);
      CHECK(buffer.ok());
      buffers_.push_back(*buffer);
    }
    program_ = std::move(*backend.compile(plan, buffers_, largest));
  }

  std::vector<float> run(const Step& step, const KvView& kv = {}) {
    std::vector<float> output(step.output_size);
    Bindings bindings;
    bindings.tokens = step.tokens;
    bindings.positions = step.positions;
    bindings.sequences = step.slices;
    bindings.output_rows = step.output_rows;
    bindings.kv = kv;
    bindings.outputs = {output};
    const Status status = backend_.run(*program_, bindings);
    CHECK(status.ok());
    if (!status.ok()) check::fail("run", 0, status.error().message);
    return output;
  }
  Program& program() { return *program_; }
  const std::vector<std::shared_ptr<const Buffer>>& buffers() const { return buffers_; }

 private:
  Backend& backend_;
  std::vector<std::shared_ptr<const Buffer>> buffers_;
  std::unique_ptr<Program> program_;
};

// One sequence of `count` tokens from position 0, all rows wanted.
inline Step whole_step(int count, int vocabulary, std::size_t columns, std::uint32_t seed = 1) {
  Step step;
  std::mt19937 random(seed);
  for (int i = 0; i < count; ++i) {
    step.tokens.push_back(std::int32_t(random() % vocabulary));
    step.positions.push_back(i);
    step.output_rows.push_back(i);
  }
  step.slices = {{0, count, 0, {}}};
  step.output_size = count * columns;
  return step;
}

inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  CHECK_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double difference = std::fabs(double(a[i]) - b[i]);
    largest = difference <= largest ? largest : difference;  // NaN counts as a difference
  }
  return largest;
}

}  // namespace trivium::test
