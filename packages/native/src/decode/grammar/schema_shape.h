// A JSON Schema taken apart: all that one value must satisfy at once, alternatives multiplied out. Draft 2020-12; what of
// it a grammar cannot say is refused by its JSON pointer.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "decode/grammar/number_texts.h"
#include "formats/json.h"

namespace trivium::grammar {

// Schemas that hold together, each once, in the order in which properties are written. None: any value.
using SchemaSet = std::vector<const Json*>;

namespace json_type {
// A number is a whole one or a fraction, so that "integer" is part of "number".
inline constexpr unsigned null = 1, boolean = 2, whole = 4, fraction = 8, string = 16, array = 32, object = 64, all = 127;
}  // namespace json_type

// `properties`, `patternProperties` and `additionalProperties` of one schema: they mean each other.
struct ObjectClause {
  std::vector<std::pair<std::string, const Json*>> properties;
  std::vector<std::pair<std::string, const Json*>> patterns;
  const Json* additional = nullptr;  // null: any
};
struct ArrayClause {
  std::vector<const Json*> prefix;
  const Json* items = nullptr;       // behind them; null: any
};
struct TextConstraint {
  std::string pattern;
  bool whole = false;                // a format; else `pattern`, found anywhere
  std::string field;                 // JSON pointer of the keyword
};
struct Choice {                      // anyOf, oneOf
  std::vector<const Json*> branches;
  bool exactly_one = false;
  std::string field;
};

struct Shape {
  unsigned types = json_type::all;
  std::optional<std::vector<const Json*>> values;  // enum and const
  NumberBounds number;
  std::uint32_t min_length = 0, max_length = 0xFFFFFFFFu;  // code points
  std::vector<TextConstraint> texts;
  std::vector<ArrayClause> arrays;
  std::uint32_t min_items = 0, max_items = 0xFFFFFFFFu;
  std::vector<ObjectClause> objects;
  SchemaSet names;                                 // that every key satisfies, as a string: propertyNames
  std::vector<std::string> required;
  std::uint32_t min_properties = 0, max_properties = 0xFFFFFFFFu;
  std::vector<Choice> choices;                     // not yet multiplied out
  std::string field;                               // JSON pointer of a schema that it comes from

  bool possible() const { return types != 0 && (!values || !values->empty()); }
};

bool same_value(const Json& a, const Json& b);
// The value as compact JSON; strings in the form of TextForm::json.
std::string json_text(const Json& value);
std::string json_string(const std::string& text);
// A pattern of a format that is known; null for others.
const char* format_pattern(std::string_view format);

}  // namespace trivium::grammar
