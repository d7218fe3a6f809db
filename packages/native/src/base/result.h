// Failure as a value. Every room below binding/ reports failure through Result<T>; nothing throws across rooms
// (std::bad_alloc excepted: binding/ and the engine's thread catch it) and nothing aborts. An Error carries the data of the failure so
// that TypeScript, HTTP and MCP can show the same file, field and remedy.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace trivium {

// One union for the whole project: the same words, in kebab-case, are `TriviumErrorCode` in @trivium/protocol.
enum class ErrorCode {
  invalid_argument,
  not_found,
  io,
  bad_format,
  unsupported,
  context_overflow,
  busy,
  cancelled,
  out_of_memory,
  disposed,
  internal,
};

const char* to_string(ErrorCode code);  // "bad-format", …

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;   // one sentence, no trailing newline
  std::string file;      // the file concerned, empty when none
  std::string field;     // tensor, metadata key, JSON pointer or option concerned
  std::string expected;  // what would have been right
  std::string found;     // what was there
  std::string remedy;    // what the user can do
};

// A value or an Error. `T` may be move-only.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace trivium

// TRY(status_or_result): returns the error to the caller.
#define TRIVIUM_TRY(expression)                                              \
  do {                                                                       \
    auto trivium_try_ = (expression);                                        \
    if (!trivium_try_.ok()) return std::move(trivium_try_.error());          \
  } while (false)

#define TRIVIUM_CONCAT_(a, b) a##b
#define TRIVIUM_CONCAT(a, b) TRIVIUM_CONCAT_(a, b)
// TRY_ASSIGN(auto x, result): declares x from the value, or returns the error.
#define TRIVIUM_TRY_ASSIGN_(name, declaration, expression)    \
  auto name = (expression);                                   \
  if (!name.ok()) return std::move(name.error());             \
  declaration = std::move(name).value()
#define TRIVIUM_TRY_ASSIGN(declaration, expression) \
  TRIVIUM_TRY_ASSIGN_(TRIVIUM_CONCAT(trivium_result_, __LINE__), declaration, expression)
