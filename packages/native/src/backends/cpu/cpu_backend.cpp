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

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const cpu::KernelTable& kernels) : kernels_(kernels) {}
  std::string_view name() const override { return kernels_.name; }

  Result<std::shared_ptr<const Buffer>> upload(const WeightSource& source, Role role) override {
    auto buffer = std::make_shared<CpuBuffer>();
    buffer->role = role;
    if (role == Role::matrix || role == Role::matrix_and_table) {
      TRIVIUM_TRY_ASSIGN(buffer->matrix, cpu::pack_matrix(source));
      return std::shared_ptr<const Buffer>(std::move(buffer));
    }
    std::vector<std::byte> bytes(row_bytes(source.dtype, source.shape.columns()) * source.shape.rows());
    TRIVIUM_TRY(source.read_rows(0, source.shape.rows(), bytes.data()));
    if (role == Role::table) {
      buffer->table_dtype = source.dtype;
      buffer->table_columns = source.shape.columns();
      buffer->table = std::move(bytes);
    } else {
      buffer->vector.resize(source.shape.elements());
      decode_row(source.dtype, bytes.data(), buffer->vector.data(), buffer->vector.size());
    }
    return std::shared_ptr<const Buffer>(std::move(buffer));
  }

  Result<std::unique_ptr<Program>> compile(const Plan& plan,
                                           std::vector<std::shared_ptr<const Buffer>> weights,
                                           const BatchShape& largest) override {
    TRIVIUM_TRY(check_weights(plan, weights));
    return std::unique_ptr<Program>(
        std::make_unique<CpuProgram>(plan, std::move(weights), largest, kernels_));
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
