// A JSON Schema taken apart: all that one value must satisfy at once, alternatives multiplied out. Draft 2020-12; what of
// it a grammar cannot say is refused by its JSON pointer.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
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

// Shapes are copied for every alternative: what is long in a schema they name by its node, of a schema that outlives them.

// Names, each once, in the order in which they came first. The texts outlive it.
class NameSet {
 public:
  void add(std::string_view name) { if (known_.insert(name).second) names_.push_back(name); }
  bool contains(std::string_view name) const { return known_.contains(name); }
  std::size_t size() const { return names_.size(); }
  bool empty() const { return names_.empty(); }
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.end(); }
  std::string_view operator[](std::size_t i) const { return names_[i]; }

 private:
  std::vector<std::string_view> names_;
  std::unordered_set<std::string_view> known_;
};

// Values of an enum or const, each once.
class ValueSet {
 public:
  struct Entry { const Json* value; const std::string* text; };  // text: value_text, by which values are told apart
  void add(const Json& value);
  bool contains(const std::string& text) const { return texts_.contains(text); }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::unordered_set<std::string> texts_;
};

// `properties`, `patternProperties` and `additionalProperties` of one schema: they mean each other.
struct ObjectClause {
  const Json* properties = nullptr;  // null: none
  const Json* patterns = nullptr;    // null: none
  const Json* additional = nullptr;  // null: any
};
// Of an object or of none.
inline const std::vector<Json::Member>& members_or_none(const Json* object) {
  static const std::vector<Json::Member> none;
  return object ? object->members() : none;
}
struct ArrayClause {
  const Json* prefix = nullptr;      // a list; null: none
  const Json* items = nullptr;       // behind them; null: any
};
struct TextFormat {
  std::string_view demanded;         // found in all that any validator takes for the format; empty: nothing is certain
  std::string_view pattern;          // what is written
  std::string_view plainer = {};     // a part of it, for when lengths would multiply out to too much; empty: none
};
struct TextConstraint {
  std::string_view pattern;
  bool whole = false;                // a format; else `pattern`, found anywhere
  const Json* at = nullptr;          // the keyword's value
  std::string_view plainer = {}, demanded = {};  // of a format
};
struct Choice {                      // anyOf, oneOf
  const Json* branches = nullptr;    // a list
  bool exactly_one = false;
};

struct Shape {
  unsigned types = json_type::all;
  std::shared_ptr<const ValueSet> values;          // enum and const; null: any
  NumberBounds number;
  std::uint32_t min_length = 0, max_length = 0xFFFFFFFFu;  // code points
  std::vector<TextConstraint> texts;
  std::vector<ArrayClause> arrays;
  std::uint32_t min_items = 0, max_items = 0xFFFFFFFFu;
  std::vector<ObjectClause> objects;
  SchemaSet names;                                 // that every key satisfies, as a string: propertyNames
  NameSet required;
  std::uint32_t min_properties = 0, max_properties = 0xFFFFFFFFu;
  std::vector<Choice> choices;                     // not yet multiplied out
  const Json* schema = nullptr;                    // one that it comes from

  bool possible() const { return types != 0 && (!values || !values->entries().empty()); }
};

// The same for the same values: members in the order of their names.
std::string value_text(const Json& value);
// The value as compact JSON; strings in the form of TextForm::json.
std::string json_text(const Json& value);
std::string json_string(const std::string& text);
// Null for one that is not known.
const TextFormat* text_format(std::string_view name);

}  // namespace trivium::grammar
