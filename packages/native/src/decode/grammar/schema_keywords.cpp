// The keywords that say something by themselves, each into its place in the shape; several of one kind are merged.
#include <algorithm>
#include <cmath>
#include <utility>

#include "decode/grammar/schema_reader.h"

namespace trivium::grammar {
namespace {

// What zod writes beside a format and too much for a grammar. It says what the format says, which is held to.
constexpr std::pair<std::string_view, std::string_view> said_twice[] = {
    {"hostname", R"(^(?=.{1,253}\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\.?$)"},
    {"duration", R"(^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$)"},
};

bool says_its_format(const Json& schema, std::string_view pattern) {
  const Json* const format = schema.find("format");
  return format != nullptr && std::any_of(std::begin(said_twice), std::end(said_twice), [&](const auto& twice) {
           return twice.first == format->string() && twice.second == pattern;
         });
}

}  // namespace

Status SchemaReader::read_number_keyword(const Json& schema, const Json::Member& member, Shape& shape) {
  const auto& [name, value] = member;
  NumberBounds& number = shape.number;
  const bool low = name == "minimum" || name == "exclusiveMinimum", high = name == "maximum" || name == "exclusiveMaximum";
  if (!low && !high && name != "multipleOf") return {};
  bool exclusive = name.starts_with("exclusive");
  // In draft 4 and OpenAPI 3.0 a boolean beside the bound.
  if (exclusive && value.is_boolean()) return {};
  if (!exclusive && (low || high)) exclusive = schema.boolean_or(low ? "exclusiveMinimum" : "exclusiveMaximum", false);
  if (!value.is_number()) return invalid(pointer(&value), name + " is no number.", "a number", json_text(value).substr(0, 80));
  const double bound = value.number();
  if (low && (!number.low || bound > *number.low || (bound == *number.low && exclusive))) {
    number.low = bound;
    number.low_exclusive = exclusive;
  }
  if (high && (!number.high || bound < *number.high || (bound == *number.high && exclusive))) {
    number.high = bound;
    number.high_exclusive = exclusive;
  }
  if (name != "multipleOf") return {};
  if (bound <= 0) return invalid(pointer(&value), "multipleOf is not above 0.", "a number above 0", number_text(bound));
  if (bound != std::trunc(bound) || bound > double(largest_multiple))
    return unsupported(pointer(&value), "multipleOf is supported for whole numbers up to " + std::to_string(largest_multiple) + ".", "Scale the value to a whole number, or use a pattern.",
                       number_text(bound));
  const auto step = std::int64_t(bound);
  if (number.multiple_of == 0) number.multiple_of = step;
  std::int64_t a = number.multiple_of, b = step;
  while (b != 0) a = std::exchange(b, a % b);
  number.multiple_of = number.multiple_of / a * step;
  if (number.multiple_of > largest_multiple)
    return unsupported(pointer(&value), "multipleOf is supported for whole numbers up to " + std::to_string(largest_multiple) + ".", "Take smaller multiples.", std::to_string(number.multiple_of));
  return {};
}

Status SchemaReader::read_count_keyword(const Json::Member& member, Shape& shape) {
  const auto& [name, value] = member;
  struct Row { std::string_view name; std::uint32_t Shape::* count; bool least; };
  static constexpr Row rows[] = {{"minLength", &Shape::min_length, true}, {"maxLength", &Shape::max_length, false},
                                 {"minItems", &Shape::min_items, true}, {"maxItems", &Shape::max_items, false},
                                 {"minProperties", &Shape::min_properties, true}, {"maxProperties", &Shape::max_properties, false}};
  for (const Row& row : rows) {
    if (row.name != name) continue;
    const auto count = value.integer();
    if (!count || *count < 0) return invalid(pointer(&value), name + " is no count.", "a whole number of at least 0", json_text(value).substr(0, 80));
    const auto bounded = std::uint32_t(std::min<std::int64_t>(*count, unreachable));
    std::uint32_t& held = shape.*row.count;
    held = row.least ? std::max(held, bounded) : std::min(held, bounded);
  }
  return {};
}

Status SchemaReader::read_object_keywords(const Json& schema, Shape& shape) {
  ObjectClause clause;
  for (const auto& [name, list] : {std::pair{"properties", &clause.properties}, std::pair{"patternProperties", &clause.patterns}}) {
    const Json* const given = schema.find(name);
    if (given != nullptr && !given->is_object()) return invalid(pointer(given), std::string(name) + " is no object.", "an object of schemas");
    *list = given;
  }
  clause.additional = schema.find("additionalProperties");
  if (clause.properties || clause.patterns || clause.additional) shape.objects.push_back(clause);
  return {};
}

Status SchemaReader::read_array_keywords(const Json& schema, Shape& shape) {
  ArrayClause clause;
  clause.items = schema.find("items");
  clause.prefix = schema.find("prefixItems");
  if (clause.items != nullptr && clause.items->is_array()) {  // a tuple as draft 7 writes it
    if (clause.prefix != nullptr) return invalid(pointer(clause.items), "items is a list beside prefixItems.", "a schema");
    clause.prefix = clause.items;
    clause.items = schema.find("additionalItems");
  }
  if (clause.prefix != nullptr && !clause.prefix->is_array())
    return invalid(pointer(clause.prefix), "prefixItems is no list.", "a list of schemas");
  if (clause.items != nullptr || clause.prefix != nullptr) shape.arrays.push_back(clause);
  return {};
}

// A format that is not known says nothing of a value, as in the standard: numbers have them too, and everybody may make one up.
Status SchemaReader::read_text_keyword(const Json& schema, const Json::Member& member, Shape& shape) {
  const auto& [name, value] = member;
  if (!value.is_string()) return invalid(pointer(&value), name + " is no string.", "a string", json_text(value).substr(0, 80));
  if (name == "format") {
    if (const TextFormat* const format = text_format(value.string()))
      shape.texts.push_back({format->pattern, true, &value, format->plainer, format->demanded});
  } else if (!says_its_format(schema, value.string())) {
    shape.texts.push_back({value.string(), false, &value});
  }
  return {};
}

// `nullable`: OpenAPI's word for null beside the type.
Status SchemaReader::read_type(const Json& type, bool nullable, Shape& shape) {
  using namespace json_type;
  static constexpr std::pair<std::string_view, unsigned> names[] = {{"null", null}, {"boolean", boolean}, {"integer", whole},
      {"number", whole | fraction}, {"string", string}, {"array", array}, {"object", object}};
  unsigned allowed = nullable ? null : 0;
  const auto one = [&](const Json& name) -> Status {
    for (const auto& [known, bits] : names) {
      if (!name.is_string() || name.string() != known) continue;
      allowed |= bits;
      return {};
    }
    return invalid(pointer(&type), "There is no such type.", "null, boolean, integer, number, string, array or object", json_text(name).substr(0, 80));
  };
  if (!type.is_array()) TRIVIUM_TRY(one(type));
  for (const Json& name : type.items()) TRIVIUM_TRY(one(name));
  shape.types &= allowed;
  return {};
}

Status SchemaReader::read_values(const Json::Member& member, Shape& shape) {
  const Json& given = member.second;
  std::shared_ptr<const ValueSet>& known = value_sets_[&given];
  if (!known) {
    auto values = std::make_shared<ValueSet>();
    if (member.first == "const") {
      values->add(given);
    } else {
      if (!given.is_array()) return invalid(pointer(&given), "enum is no list.", "a list of values");
      for (const Json& value : given.items()) values->add(value);
    }
    known = std::move(values);
  }
  if (!shape.values) {
    shape.values = known;
    return {};
  }
  auto both = std::make_shared<ValueSet>();
  TRIVIUM_TRY(spend(shape.values->entries().size()));
  for (const ValueSet::Entry& held : shape.values->entries())
    if (known->contains(*held.text)) both->add(*held.value);
  shape.values = std::move(both);
  return {};
}

Status SchemaReader::read_choice(const Json::Member& member, Shape& shape) {
  const Json& branches = member.second;
  if (!branches.is_array() || branches.items().empty())
    return invalid(pointer(&branches), member.first + " is no list of schemas.", "a list of schemas");
  shape.choices.push_back({&branches, member.first == "oneOf" && branches.items().size() > 1});
  return {};
}

}  // namespace trivium::grammar
