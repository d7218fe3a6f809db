// A JSON reader of our own (config.json, tokenizer.json, safetensors headers): bounded depth, strict UTF-8,
// numbers as double with the integer kept when exact, object order kept. Errors carry line and column.
// Refused: repeated keys, lone surrogates, nesting beyond 128, more than 2^23 values, numbers beyond double.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace trivium {

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Member = std::pair<std::string, Json>;

  static Result<Json> parse(std::string_view text, std::string_view file_for_errors);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_object() const { return kind_ == Kind::object; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_number() const { return kind_ == Kind::number; }
  bool is_boolean() const { return kind_ == Kind::boolean; }

  // Lookups answer nullptr / the fallback when the kind does not fit; callers decide what is an error.
  const Json* find(std::string_view key) const;                   // linear: walk members() of a large object
  const std::vector<Json>& items() const;                         // empty unless an array
  const std::vector<Member>& members() const;                     // empty unless an object
  const std::string& string() const;                              // "" unless a string
  std::string string_or(std::string_view key, std::string fallback) const;
  double number_or(std::string_view key, double fallback) const;
  bool boolean_or(std::string_view key, bool fallback) const;
  std::optional<std::int64_t> integer() const;                    // the exact integer, if it is one
  std::optional<std::int64_t> integer_at(std::string_view key) const;
  double number() const { return number_; }                       // 0 unless a number
  bool boolean() const { return boolean_; }

 private:
  friend class JsonParser;
  // One value must stay small: a file of n bytes may hold n / 2 of them.
  std::variant<std::monostate, std::string, std::vector<Json>, std::vector<Member>> content_;
  double number_ = 0;
  std::int64_t integer_ = 0;
  bool exact_ = false;  // integer_ holds the number
  Kind kind_ = Kind::null;
  bool boolean_ = false;
};

}  // namespace trivium
