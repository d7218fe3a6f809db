// The backend for processors: packs weights into panels and runs programs with the kernels of the instruction
// set.
#include "backends/cpu/cpu_backend.h"

#include "backends/check_bindings.h"
#include "backends/cpu/cpu_program.h"
#include "tensor/codecs.h"

namespace trivium {
namespace {

using cpu::CpuBuffer;
using cpu::CpuProgram;

Error wrong_size(std::size_t expected, const HeldBytes& packed) {
  Error error;
  error.code = ErrorCode::bad_format;
  error.message = "Packed weights have the wrong size.";
  error.file = packed.file() ? packed.file()->path() : "";
  error.expected = std::to_string(expected) + " bytes";
  error.found = std::to_string(packed.size()) + " bytes";
  return error;
}

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const cpu::KernelTable& kernels) : kernels_(kernels) {}
  std::string_view name() const override { return kernels_.name; }

  Result<std::shared_ptr<const Buffer>> upload(const WeightSource& source, Role role) override {
    auto buffer = std::make_shared<CpuBuffer>();
    buffer->role = role;
    if (buffer->is_matrix()) {
      TRIVIUM_TRY_ASSIGN(buffer->matrix, cpu::pack_matrix(source));
      return std::shared_ptr<const Buffer>(std::move(buffer));
    }
    LargeBytes bytes(row_bytes(source.dtype, source.shape.columns()) * source.shape.rows());
    TRIVIUM_TRY(source.read_rows(0, source.shape.rows(), bytes.data()));
    if (role == Role::table) {
      buffer->table_dtype = source.dtype;
      buffer->plain = HeldBytes(std::move(bytes));
    } else {
      LargeBytes values(source.shape.elements() * sizeof(float));
      decode_row(source.dtype, bytes.data(), reinterpret_cast<float*>(values.data()), source.shape.elements());
      buffer->plain = HeldBytes(std::move(values));
    }
    return std::shared_ptr<const Buffer>(std::move(buffer));
  }

  int layout() const override { return cpu::packed_layout; }

  Result<std::shared_ptr<const Buffer>> adopt(DType dtype, const Shape& shape, Role role, HeldBytes packed) override {
    auto buffer = std::make_shared<CpuBuffer>();
    buffer->role = role;
    buffer->table_dtype = dtype;
    std::size_t expected = 0;
    if (buffer->is_matrix()) {
      buffer->matrix = {dtype, shape.rows(), shape.columns(), packed};
      expected = buffer->matrix.panel_bytes() * buffer->matrix.panels();
    } else {
      expected = role == Role::table ? row_bytes(dtype, shape.columns()) * shape.rows() : shape.elements() * sizeof(float);
    }
    if (packed.size() != expected) return wrong_size(expected, packed);
    if (!buffer->is_matrix()) buffer->plain = std::move(packed);
    return std::shared_ptr<const Buffer>(std::move(buffer));
  }

  Result<std::unique_ptr<Program>> compile(const Plan& plan,
                                           std::vector<std::shared_ptr<const Buffer>> weights,
                                           const BatchShape& largest) override {
    TRIVIUM_TRY(check_weights(plan, weights));
    auto program = std::make_unique<CpuProgram>(plan, std::move(weights), largest, kernels_);
    TRIVIUM_TRY(program->reserve());
    return std::unique_ptr<Program>(std::move(program));
  }

  Status run(Program& program, const Bindings& bindings) override {
    return static_cast<CpuProgram&>(program).run(bindings);
  }

 private:
  const cpu::KernelTable& kernels_;
};

}  // namespace

std::shared_ptr<Backend> make_cpu_backend(const cpu::KernelTable& kernels) {
  return std::make_shared<CpuBackend>(kernels);
}

Result<std::shared_ptr<Backend>> make_cpu_backend() {
  TRIVIUM_TRY_ASSIGN(const cpu::KernelTable* kernels, cpu::select_kernels());
  return make_cpu_backend(*kernels);
}

}  // namespace trivium
