// The truth: every operation as its definition, in plain loops, sums in double. No packing, no threads, no
// reuse of buffers. Slow on purpose; whatever is fast is compared with this.
#include "backends/ref/ref_backend.h"

#include "backends/check_bindings.h"
#include "backends/ref/ref_ops.h"
#include "tensor/codecs.h"

namespace trivium {
namespace {

class RefBuffer final : public Buffer {
 public:
  std::vector<float> values;  // (rows, columns)
  std::size_t bytes() const override { return values.size() * sizeof(float); }
};

class RefProgram final : public Program {
 public:
  Plan plan;
  std::vector<std::shared_ptr<const Buffer>> weights;
  BatchShape largest;
  std::size_t scratch_bytes() const override { return 0; }
};

class RefBackend final : public Backend {
 public:
  std::string_view name() const override { return "ref"; }

  Result<std::shared_ptr<const Buffer>> upload(const WeightSource& source, Role) override {
    auto buffer = std::make_shared<RefBuffer>();
    const std::int64_t columns = source.shape.columns(), rows = source.shape.rows();
    buffer->values.resize(static_cast<std::size_t>(rows * columns));
    std::vector<std::byte> row(row_bytes(source.dtype, columns));
    for (std::int64_t r = 0; r < rows; ++r) {
      TRIVIUM_TRY(source.read_rows(r, 1, row.data()));
      decode_row(source.dtype, row.data(), buffer->values.data() + r * columns,
                 static_cast<std::size_t>(columns));
    }
    return std::shared_ptr<const Buffer>(std::move(buffer));
  }

  Result<std::unique_ptr<Program>> compile(const Plan& plan,
                                           std::vector<std::shared_ptr<const Buffer>> weights,
                                           const BatchShape& largest) override {
    TRIVIUM_TRY(check_weights(plan, weights));
    auto program = std::make_unique<RefProgram>();
    program->plan = plan;
    program->weights = std::move(weights);
    program->largest = largest;
    return std::unique_ptr<Program>(std::move(program));
  }

  Status run(Program& generic, const Bindings& bindings) override {
    auto& program = static_cast<RefProgram&>(generic);
    const Plan& plan = program.plan;
    TRIVIUM_TRY(check_bindings(plan, program.largest, bindings));
    std::vector<std::vector<float>> storage(plan.tensors().size());
    std::vector<ref::Matrix> views(plan.tensors().size());
    for (std::size_t id = 0; id < views.size(); ++id) {
      const PlanTensor& tensor = plan.tensors()[id];
      const std::int64_t rows = rows_in_step(tensor, bindings);
      if (tensor.weight >= 0) {
        const auto& buffer = static_cast<const RefBuffer&>(*program.weights[tensor.weight]);
        views[id] = {const_cast<float*>(buffer.values.data()), rows, tensor.columns};
      } else {
        storage[id].resize(static_cast<std::size_t>(rows * tensor.columns));
        views[id] = {storage[id].data(), rows, tensor.columns};
      }
    }
    for (const Node& node : plan.nodes()) {
      if (bindings.cancelled && bindings.cancelled->load(std::memory_order_relaxed)) {
        Error error;
        error.code = ErrorCode::cancelled;
        error.message = "The step was cancelled.";
        return error;
      }
      ref::run_node(node, views, bindings);
    }
    for (std::size_t i = 0; i < plan.outputs().size(); ++i) {
      const std::vector<float>& values = storage[plan.outputs()[i]];
      std::copy(values.begin(), values.end(), bindings.outputs[i].begin());
    }
    return {};
  }
};

}  // namespace

std::shared_ptr<Backend> make_ref_backend() { return std::make_shared<RefBackend>(); }

}  // namespace trivium
