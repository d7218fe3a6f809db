#include "base/exception_error.h"

#include <exception>
#include <new>

namespace trivium {

Error current_exception_error() {
  Error error;
  try {
    throw;
  } catch (const std::bad_alloc&) {
    error.code = ErrorCode::out_of_memory;
    error.message = "There is not enough memory.";
    error.remedy = "Free some memory, or use a smaller model, context or batch.";
  } catch (const std::exception& exception) {
    error.code = ErrorCode::internal;
    error.message = exception.what();
  } catch (...) {
    error.code = ErrorCode::internal;
    error.message = "An unknown exception was thrown.";
  }
  return error;
}

}  // namespace trivium
