#include "decode/grammar/grammar.h"
#include "formats/errors.h"

namespace trivium::grammar {

Error unsupported(std::string field, std::string problem, std::string remedy, std::string found) {
  Error error;
  error.code = ErrorCode::unsupported;
  error.message = std::move(problem);
  error.field = std::move(field);
  error.found = printable(found);
  error.remedy = std::move(remedy);
  return error;
}

Error invalid(std::string field, std::string problem, std::string expected, std::string found) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::move(problem);
  error.field = std::move(field);
  error.found = printable(found);
  error.remedy = "Give " + expected + ".";
  error.expected = std::move(expected);
  return error;
}

Error cancelled() {
  Error error;
  error.code = ErrorCode::cancelled;
  error.message = "Compiling the grammar was cancelled.";
  return error;
}

}  // namespace trivium::grammar
