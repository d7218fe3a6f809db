#include "backends/backend.h"
#include "backends/cpu/cpu_backend.h"
#include "backends/ref/ref_backend.h"

namespace trivium {

Result<std::shared_ptr<const Buffer>> Backend::adopt(DType, const Shape&, Role, HeldBytes) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = "The backend " + std::string(name()) + " packs no weights.";
  return error;
}

Result<std::shared_ptr<Backend>> make_backend(std::string_view name) {
  if (name == "cpu") return make_cpu_backend();
  if (name == "ref") return make_ref_backend();
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = "There is no backend \"" + std::string(name) + "\".";
  error.field = "backend";
  error.expected = "cpu, ref";
  error.remedy = "Leave it out for the fast one.";
  error.found = std::string(name);
  return error;
}

}  // namespace trivium
