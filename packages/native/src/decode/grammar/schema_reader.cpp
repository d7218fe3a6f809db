// Reading schemas into a shape, and multiplying choices out.
#include "decode/grammar/schema_reader.h"

#include <algorithm>

namespace trivium::grammar {
namespace {

constexpr std::size_t most_looks = 3'200'000;
constexpr std::size_t a_schema = 16;        // looks that reading one takes, the same one again too
constexpr std::size_t most_depth = 100;     // schemas and choices within one another, by references too: each takes of the stack
constexpr std::size_t linear_members = 16;

// What a draft from 3 to 2020-12 constrains values by and no grammar here keeps. Any other word is an annotation, as JSON Schema has
// it: it says nothing about what a value may be.
constexpr std::string_view not_kept[] = {"not", "if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas",
                                         "contains", "minContains", "maxContains", "uniqueItems", "unevaluatedItems",
                                         "unevaluatedProperties", "$dynamicRef", "$recursiveRef", "extends", "disallow",
                                         "divisibleBy"};
// Read together, by read_object_keywords and read_array_keywords.
constexpr std::string_view together[] = {"properties", "patternProperties", "additionalProperties", "items", "prefixItems",
                                         "additionalItems"};

template <std::size_t N>
bool among(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

class Deeper {
 public:
  explicit Deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;

 private:
  std::size_t& depth_;
};

std::string escaped_key(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

// Whether any name of a property fits: names are strings without being told. The schemas that say so plainly; others become automata.
bool fits_any_name(const Json& schema) {
  if (schema.is_boolean()) return schema.boolean();
  return schema.is_object() && std::all_of(schema.members().begin(), schema.members().end(), [](const Json::Member& member) {
           return member.first == "description" ||
                  (member.first == "type" && member.second.is_string() && member.second.string() == "string");
         });
}

}  // namespace

SchemaReader::SchemaReader(const Json& root, const GrammarLimits& limits, AutomatonBudget& automata, std::string field)
    : root_(root), limits_(limits), automata_(automata), field_(std::move(field)) {
  places_.emplace(&root, Place{nullptr, nullptr, 0});
  remember_places(root);
}

void SchemaReader::remember_places(const Json& node) {
  for (const Json::Member& member : node.members()) {
    if (member.first == "$anchor" && member.second.is_string()) anchors_.emplace(member.second.string(), &node);
    places_.emplace(&member.second, Place{&node, &member.first, 0});
    remember_places(member.second);
  }
  for (std::size_t i = 0; i < node.items().size(); ++i) {
    places_.emplace(&node.items()[i], Place{&node, nullptr, i});
    remember_places(node.items()[i]);
  }
}

std::string SchemaReader::pointer(const Json* node) const {
  auto found = places_.find(node);
  if (found == places_.end()) return {};
  std::vector<const Place*> ways;
  for (; found->second.parent != nullptr; found = places_.find(found->second.parent)) ways.push_back(&found->second);
  std::string text = field_;
  for (auto way = ways.rbegin(); way != ways.rend(); ++way)
    text.append("/").append((*way)->key ? escaped_key(*(*way)->key) : std::to_string((*way)->index));
  return text;
}

Status SchemaReader::spend(std::size_t looks) {
  work_ += looks;
  if (work_ <= most_looks && !automata_.is_cancelled()) return {};
  return unsupported(pointer(&root_), "The schema multiplies out to too much.", "Take fewer references, allOf and anyOf within one another.");
}

Error SchemaReader::too_deep(const Json* schema) const {
  return unsupported(pointer(schema), "Too many schemas lead to one another.", "Refer to what they lead to.");
}

const Json* SchemaReader::member_of(const Json& object, std::string_view key) {
  if (object.members().size() <= linear_members) return object.find(key);
  auto& known = members_[&object];
  if (known.empty())
    for (const Json::Member& member : object.members()) known.emplace(member.first, &member.second);
  const auto found = known.find(key);
  return found == known.end() ? nullptr : found->second;
}

Result<const Json*> SchemaReader::referred(const Json& given) {
  if (!given.is_string()) return invalid(pointer(&given), "A reference is no string.", "a string");
  const Json*& known = references_[&given];
  if (known != nullptr) return known;
  const std::string& reference = given.string();
  const auto not_here = [&] {
    return invalid(pointer(&given), "The reference leads nowhere.", "a pointer such as #/$defs/name into the same schema", reference);
  };
  if (!reference.starts_with('#'))
    return unsupported(pointer(&given), "References to other documents are not followed.", "Put what it refers to under $defs.", reference);
  std::string path;
  for (std::size_t i = 1; i < reference.size(); ++i) {
    if (reference[i] == '%' && i + 2 < reference.size()) {
      path += char(std::strtol(reference.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      path += reference[i];
    }
  }
  const Json* at = &root_;
  if (!path.empty() && path[0] != '/') {
    const auto found = anchors_.find(path);
    if (found == anchors_.end()) return not_here();
    return known = found->second;
  }
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    std::string key;
    for (std::size_t i = 1; i < end; ++i) {
      if (path[i] == '~' && i + 1 < end) {
        key += path[++i] == '1' ? '/' : '~';
      } else {
        key += path[i];
      }
    }
    path.erase(0, end);
    const Json* next = member_of(*at, key);
    if (at->is_array() && !key.empty() && key.size() < 7 && key.find_first_not_of("0123456789") == std::string::npos &&
        std::size_t(std::stoi(key)) < at->items().size())
      next = &at->items()[std::size_t(std::stoi(key))];
    if (next == nullptr) return not_here();
    at = next;
  }
  return known = at;
}

Status SchemaReader::read(const Json* schema, Shape& shape, Path& path) {
  TRIVIUM_TRY(spend(a_schema + schema->members().size()));
  if (schema->kind() == Json::Kind::boolean) {
    if (!schema->boolean()) shape.types = 0;
    return {};
  }
  if (!schema->is_object()) return invalid(pointer(schema), "A schema is neither an object nor a boolean.", "a JSON Schema", json_text(*schema).substr(0, 80));
  if (std::find(path.begin(), path.end(), schema) != path.end())
    return invalid(pointer(schema), "The schema refers to itself without anything in between.", "a reference that leads to a part of the value");
  const Deeper deeper(depth_);
  if (depth_ > most_depth) return too_deep(schema);
  if (shape.schema == nullptr) shape.schema = schema;
  path.push_back(schema);
  for (const Json::Member& member : schema->members()) {
    if (among(together, member.first)) continue;
    TRIVIUM_TRY(read_keyword(*schema, member, shape, path));
  }
  TRIVIUM_TRY(read_object_keywords(*schema, shape));
  TRIVIUM_TRY(read_array_keywords(*schema, shape));
  path.pop_back();
  return {};
}

Status SchemaReader::read_keyword(const Json& schema, const Json::Member& member, Shape& shape, Path& path) {
  const auto& [name, value] = member;
  if (name == "type") return read_type(value, schema.boolean_or("nullable", false), shape);
  if (name == "nullable")  // read with the type
    return value.is_boolean() ? Status() : Status(invalid(pointer(&value), "nullable is no boolean.", "true or false"));
  if (name == "enum" || name == "const") return read_values(member, shape);
  if (name == "$ref") {
    TRIVIUM_TRY_ASSIGN(const Json* const target, referred(value));
    return read(target, shape, path);
  }
  if (name == "allOf") {
    if (!value.is_array()) return invalid(pointer(&value), "allOf is no list.", "a list of schemas");
    for (const Json& one : value.items()) TRIVIUM_TRY(read(&one, shape, path));
    return {};
  }
  if (name == "anyOf" || name == "oneOf") return read_choice(member, shape);
  if (name == "pattern" || name == "format") return read_text_keyword(schema, member, shape);
  if (name == "required") {
    TRIVIUM_TRY(spend(value.items().size()));
    for (const Json& key : value.items()) {
      if (!key.is_string()) return invalid(pointer(&value), "required names something that is no string.", "a list of strings");
      shape.required.add(key.string());
    }
    return value.is_array() ? Status() : Status(invalid(pointer(&value), "required is no list.", "a list of strings"));
  }
  if (name == "propertyNames") {
    if (!fits_any_name(value)) shape.names.push_back(&value);
    return {};
  }
  if (name == "uniqueItems" && value.kind() == Json::Kind::boolean && !value.boolean()) return {};
  // Below the root an identifier moves where references lead from.
  const bool moves = (name == "$id" || name == "id") && value.is_string() && &schema != &root_;
  if (moves || among(not_kept, name))
    return unsupported(pointer(&value), "The keyword " + name + " is not supported.",
                       "Remove it from the schema and check it afterwards.", json_text(value).substr(0, 80));
  TRIVIUM_TRY(read_number_keyword(schema, member, shape));
  return read_count_keyword(member, shape);
}

Result<std::vector<Shape>> SchemaReader::shapes(const SchemaSet& schemas) {
  // A value of its own: what the one around it was made of may come again.
  const std::vector<const Json*> outer = std::exchange(branches_, {});
  auto made = shapes_within(schemas);
  branches_ = outer;
  return made;
}

Result<std::vector<Shape>> SchemaReader::shapes_within(const SchemaSet& schemas) {
  Shape shape;
  for (const Json* const schema : schemas) {
    Path path;
    TRIVIUM_TRY(read(schema, shape, path));
  }
  std::vector<Shape> made;
  TRIVIUM_TRY(multiply(std::move(shape), made));
  return made;
}

// One choice at a time: every branch becomes part of a copy.
Status SchemaReader::multiply(Shape shape, std::vector<Shape>& into) {
  if (!shape.possible()) return {};
  const Deeper deeper(depth_);
  if (depth_ > most_depth) return too_deep(shape.schema);
  if (shape.choices.empty()) {
    shape.number.integer = shape.number.integer || (shape.types & json_type::fraction) == 0;
    into.push_back(std::move(shape));
    if (into.size() > limits_.shapes)
      return unsupported(pointer(into.back().schema), "The schema multiplies out to too many alternatives.", "Take fewer anyOf and oneOf within one another.");
    return {};
  }
  const Choice choice = shape.choices.back();
  shape.choices.pop_back();
  if (choice.exactly_one && checked_.insert(choice.branches).second) TRIVIUM_TRY(check_exactly_one(*choice.branches));
  for (const Json& each : choice.branches->items()) {
    const Json* const branch = &each;
    if (std::find(branches_.begin(), branches_.end(), branch) != branches_.end())
      return invalid(pointer(choice.branches), "The schema refers to itself without anything in between.", "a reference that leads to a part of the value");
    branches_.push_back(branch);
    TRIVIUM_TRY(spend(shape.required.size() + shape.objects.size() + shape.texts.size() + shape.choices.size()));
    Shape copy = shape;
    Path path;
    TRIVIUM_TRY(read(branch, copy, path));
    TRIVIUM_TRY(multiply(std::move(copy), into));
    branches_.pop_back();
  }
  return {};
}

Status SchemaReader::check_exactly_one(const Json& choice) {
  std::vector<std::vector<Shape>> branches;
  for (const Json& branch : choice.items()) {
    branches_.push_back(&branch);
    TRIVIUM_TRY_ASSIGN(std::vector<Shape> made, shapes_within({&branch}));
    branches_.pop_back();
    branches.push_back(std::move(made));
  }
  for (std::size_t i = 0; i < branches.size(); ++i) {
    for (std::size_t j = i + 1; j < branches.size(); ++j) {
      for (const Shape& left : branches[i]) {
        for (const Shape& right : branches[j]) {
          TRIVIUM_TRY(spend(a_schema));
          TRIVIUM_TRY_ASSIGN(const bool apart, disjoint(left, right));
          if (apart) continue;
          return unsupported(pointer(&choice), "It cannot be decided that no value fits two branches of oneOf.",
                             "Use anyOf, or give the branches a required property with different const values.",
                             "branches " + std::to_string(i) + " and " + std::to_string(j));
        }
      }
    }
  }
  return {};
}

}  // namespace trivium::grammar
