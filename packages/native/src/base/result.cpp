#include "base/result.h"

namespace trivium {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid-argument";
    case ErrorCode::not_found: return "not-found";
    case ErrorCode::io: return "io";
    case ErrorCode::bad_format: return "bad-format";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::context_overflow: return "context-overflow";
    case ErrorCode::busy: return "busy";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::out_of_memory: return "out-of-memory";
    case ErrorCode::disposed: return "disposed";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace trivium
