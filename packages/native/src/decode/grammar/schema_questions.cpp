// What can be asked of shapes: does a value fit, can two have a value in common, what must the value of a key be.
#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "decode/grammar/regex_syntax.h"
#include "decode/grammar/schema_reader.h"

namespace trivium::grammar {
namespace {

constexpr int most_depth = 3;  // objects within objects that are compared

unsigned type_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return json_type::null;
    case Json::Kind::boolean: return json_type::boolean;
    case Json::Kind::number: return value.number() == std::trunc(value.number()) ? json_type::whole : json_type::fraction;
    case Json::Kind::string: return json_type::string;
    case Json::Kind::array: return json_type::array;
    case Json::Kind::object: return json_type::object;
  }
  return 0;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += decode_utf8(text, at).bytes;
  return count;
}

void add(SchemaSet& set, const Json* schema) {
  if (std::find(set.begin(), set.end(), schema) == set.end()) set.push_back(schema);
}

// The schema of what may not be there.
const Json* nothing() {
  static const Json schema = Json::parse("false", {}).value();
  return &schema;
}

// What a text certainly satisfies where it is valid: of a format less is written than validators allow.
std::vector<TextConstraint> demanded(const std::vector<TextConstraint>& texts) {
  std::vector<TextConstraint> certain;
  for (const TextConstraint& one : texts) {
    if (!one.whole) certain.push_back(one);
    else if (!one.demanded.empty()) certain.push_back({one.demanded, false, one.at});
  }
  return certain;
}

Error too_large(std::string field, const TextConstraint& constraint) {
  return unsupported(std::move(field), "The pattern is too large.", "Take smaller counts and fewer alternatives.", std::string(constraint.pattern));
}

Error too_many_names(std::string field) {
  return unsupported(std::move(field), "The names of properties are too many to tell apart.", "Take a simpler pattern.");
}

}  // namespace

Result<const CodeAutomaton*> SchemaReader::pattern_language(const TextConstraint& constraint, bool needs_deterministic) {
  const std::pair key{constraint.pattern, constraint.whole};
  auto found = languages_.find(key);
  if (found == languages_.end()) {
    const RegexMatch match = constraint.whole ? RegexMatch::whole : RegexMatch::anywhere;
    auto language = regex_language(constraint.pattern, match, automata_, {});
    if (!language.ok()) {
      language.error().field = pointer(constraint.at);
      return std::move(language.error());
    }
    found = languages_.emplace(key, std::move(*language)).first;
  }
  if (!needs_deterministic) return &found->second;
  auto made = deterministic_.find(key);
  if (made == deterministic_.end()) {
    auto automaton = deterministic(found->second, automata_);
    if (!automaton) return too_large(pointer(constraint.at), constraint);
    made = deterministic_.emplace(key, std::move(*automaton)).first;
  }
  return &made->second;
}

Result<CodeAutomaton> SchemaReader::texts_of(const Shape& shape) {
  const bool bounded = shape.min_length > 0 || shape.max_length != unbounded;
  const bool several = shape.texts.size() > 1 || bounded;
  const std::size_t last = shape.max_length == unbounded ? shape.min_length : shape.max_length;
  CodeAutomaton texts = texts_of_length(0, unbounded);
  for (std::size_t i = 0; i < shape.texts.size(); ++i) {
    TRIVIUM_TRY_ASSIGN(const CodeAutomaton* one, pattern_language(shape.texts[i], several));
    if (!shape.texts[i].plainer.empty() && one->states.size() * last > automata_.states) {
      TRIVIUM_TRY_ASSIGN(one, pattern_language({shape.texts[i].plainer, true, shape.texts[i].at}, true));
    }
    if (i == 0) {
      texts = *one;
      continue;
    }
    auto both = intersection(texts, *one, automata_);
    if (!both) return too_large(pointer(shape.texts[i].at), shape.texts[i]);
    texts = std::move(*both);
  }
  if (!bounded) return texts;
  if (shape.min_length > shape.max_length) return CodeAutomaton();
  const TextConstraint constraint = shape.texts.empty() ? TextConstraint{{}, false, shape.schema} : shape.texts[0];
  if (last > automata_.states) return too_large(pointer(constraint.at), constraint);
  auto both = intersection(texts, texts_of_length(shape.min_length, shape.max_length), automata_);
  if (!both) return too_large(pointer(constraint.at), constraint);
  return std::move(*both);
}

Result<std::vector<std::string>> SchemaReader::named_strings(const Shape& shape) {
  std::vector<std::string> strings;
  TRIVIUM_TRY(spend(shape.values->entries().size()));
  for (const auto& [value, text] : shape.values->entries()) {
    if (!value->is_string()) continue;
    TRIVIUM_TRY_ASSIGN(const bool fit, fits(*value, shape));
    if (fit) strings.push_back(value->string());
  }
  return strings;
}

Result<std::vector<std::string>> SchemaReader::listed_keys(const SchemaSet& names) {
  std::vector<std::string> keys;
  if (names.empty()) return keys;
  TRIVIUM_TRY_ASSIGN(const std::vector<Shape> any, shapes(names));
  for (const Shape& shape : any) {
    if ((shape.types & json_type::string) == 0 || !shape.values) continue;
    TRIVIUM_TRY_ASSIGN(const std::vector<std::string> strings, named_strings(shape));
    keys.insert(keys.end(), strings.begin(), strings.end());
  }
  return keys;
}

Result<const CodeAutomaton*> SchemaReader::key_language(const SchemaSet& names) {
  const auto found = key_languages_.find(names);
  if (found != key_languages_.end()) return &found->second;
  TRIVIUM_TRY_ASSIGN(const std::vector<Shape> any, shapes(names));
  CodeAutomaton others = texts_of_length(0, unbounded);  // that fit none
  for (const Shape& shape : any) {
    if ((shape.types & json_type::string) == 0) continue;
    std::optional<CodeAutomaton> texts;
    if (shape.values) {
      TRIVIUM_TRY_ASSIGN(const std::vector<std::string> strings, named_strings(shape));
      texts = one_of(strings, automata_);
    } else {
      TRIVIUM_TRY_ASSIGN(texts, texts_of(shape));
    }
    const auto language = texts ? deterministic(*texts, automata_) : std::nullopt;
    auto rest = language ? complement(*language, automata_) : std::nullopt;
    auto left = rest ? intersection(others, std::move(*rest), automata_) : std::nullopt;
    if (!left) return too_many_names(pointer(shape.schema));
    others = std::move(*left);
  }
  auto allowed = complement(others, automata_);
  if (!allowed) return too_many_names(pointer(names[0]));
  return &key_languages_.emplace(names, std::move(*allowed)).first->second;
}

Result<bool> SchemaReader::accepts(const CodeAutomaton& language, std::string_view text, const Json* at) {
  const auto known = closures_.try_emplace(&language, language).first;
  const auto accepted = grammar::accepts(known->second, text, automata_);
  if (accepted) return *accepted;
  return unsupported(pointer(at), "Its names and values are too many to be held against patterns.", "Take fewer or shorter ones, or simpler patterns.");
}

Result<SchemaSet> SchemaReader::schemas_of_key(const Shape& shape, std::string_view key) {
  SchemaSet set;
  if (!shape.names.empty()) {
    TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const keys, key_language(shape.names));
    TRIVIUM_TRY_ASSIGN(const bool allowed, accepts(*keys, key, shape.schema));
    if (!allowed) add(set, nothing());
  }
  TRIVIUM_TRY(spend(shape.objects.size()));
  for (const ObjectClause& clause : shape.objects) {
    bool named = false;
    if (const Json* const schema = clause.properties ? member_of(*clause.properties, key) : nullptr) {
      named = true;
      add(set, schema);
    }
    for (const auto& [pattern, schema] : members_or_none(clause.patterns)) {
      TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const language, pattern_language({pattern, false, &schema}, false));
      TRIVIUM_TRY_ASSIGN(const bool matched, accepts(*language, key, &schema));
      if (!matched) continue;
      named = true;
      add(set, &schema);
    }
    if (!named && clause.additional != nullptr) add(set, clause.additional);
  }
  return set;
}

SchemaSet SchemaReader::schemas_of_item(const Shape& shape, std::size_t index) const {
  SchemaSet set;
  for (const ArrayClause& clause : shape.arrays) {
    if (clause.prefix != nullptr && index < clause.prefix->items().size())
      add(set, &clause.prefix->items()[index]);
    else if (clause.items != nullptr)
      add(set, clause.items);
  }
  return set;
}

Result<bool> SchemaReader::fits_all(const Json& value, const SchemaSet& schemas) {
  TRIVIUM_TRY_ASSIGN(const std::vector<Shape> any, shapes(schemas));
  for (const Shape& shape : any) {
    TRIVIUM_TRY_ASSIGN(const bool fit, fits(value, shape));
    if (fit) return true;
  }
  return false;
}

Result<bool> SchemaReader::fits(const Json& value, const Shape& shape) {
  if ((type_of(value) & shape.types) == 0) return false;
  if (shape.values && !shape.values->contains(value_text(value))) return false;
  if (value.is_number()) return within(shape.number, value.number());
  if (value.is_string()) {
    const std::size_t length = code_points(value.string());
    if (length < shape.min_length || length > shape.max_length) return false;
    for (const TextConstraint& constraint : demanded(shape.texts)) {
      TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const language, pattern_language(constraint, false));
      TRIVIUM_TRY_ASSIGN(const bool accepted, accepts(*language, value.string(), constraint.at));
      if (!accepted) return false;
    }
    return true;
  }
  if (value.is_array()) {
    if (value.items().size() < shape.min_items || value.items().size() > shape.max_items) return false;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      TRIVIUM_TRY_ASSIGN(const bool fit, fits_all(value.items()[i], schemas_of_item(shape, i)));
      if (!fit) return false;
    }
    return true;
  }
  if (!value.is_object()) return true;
  if (value.members().size() < shape.min_properties || value.members().size() > shape.max_properties) return false;
  TRIVIUM_TRY(spend(shape.required.size()));
  if (std::any_of(shape.required.begin(), shape.required.end(), [&](std::string_view key) { return member_of(value, key) == nullptr; }))
    return false;
  for (const Json::Member& member : value.members()) {
    TRIVIUM_TRY_ASSIGN(const SchemaSet schemas, schemas_of_key(shape, member.first));
    TRIVIUM_TRY_ASSIGN(const bool fit, fits_all(member.second, schemas));
    if (!fit) return false;
  }
  return true;
}

// True only when it is certain that no value fits both.
Result<bool> SchemaReader::disjoint(const Shape& a, const Shape& b, int depth) {
  const unsigned common = a.types & b.types;
  if (common == 0) return true;
  for (const auto& [named, other] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    if (!named->values) continue;
    TRIVIUM_TRY(spend(named->values->entries().size()));
    for (const auto& [value, text] : named->values->entries()) {
      if (other->values && !other->values->contains(*text)) continue;
      TRIVIUM_TRY_ASSIGN(const bool here, fits(*value, *named));
      TRIVIUM_TRY_ASSIGN(const bool there, fits(*value, *other));
      if (here && there) return false;
    }
    return true;
  }
  if (common & (json_type::null | json_type::boolean)) return false;
  if (common & (json_type::whole | json_type::fraction)) {
    const auto below = [](const NumberBounds& x, const NumberBounds& y) {
      return x.high && y.low && (*x.high < *y.low || (*x.high == *y.low && (x.high_exclusive || y.low_exclusive)));
    };
    if (!below(a.number, b.number) && !below(b.number, a.number)) return false;
  }
  if (common & json_type::string) {
    const bool lengths = a.max_length < b.min_length || b.max_length < a.min_length;
    if (!lengths) {
      const std::vector<TextConstraint> left = demanded(a.texts), right = demanded(b.texts);
      if (left.empty() || right.empty()) return false;
      Shape both = a;
      both.texts = left;
      both.texts.insert(both.texts.end(), right.begin(), right.end());
      both.min_length = std::max(a.min_length, b.min_length);
      both.max_length = std::min(a.max_length, b.max_length);
      TRIVIUM_TRY_ASSIGN(const CodeAutomaton texts, texts_of(both));
      if (!texts.empty_language()) return false;
    }
  }
  if ((common & json_type::array) && !(a.max_items < b.min_items || b.max_items < a.min_items)) return false;
  if (common & json_type::object) return disjoint_objects(a, b, depth);
  return true;
}

Result<bool> SchemaReader::disjoint_objects(const Shape& a, const Shape& b, int depth) {
  if (a.max_properties < b.min_properties || b.max_properties < a.min_properties) return true;
  if (depth >= most_depth) return false;
  NameSet keys = a.required;
  for (const std::string_view key : b.required) keys.add(key);
  for (const std::string_view key : keys) {
    TRIVIUM_TRY_ASSIGN(const SchemaSet left, schemas_of_key(a, key));
    TRIVIUM_TRY_ASSIGN(const SchemaSet right, schemas_of_key(b, key));
    TRIVIUM_TRY_ASSIGN(const std::vector<Shape> in_a, shapes(left));
    TRIVIUM_TRY_ASSIGN(const std::vector<Shape> in_b, shapes(right));
    // Asked for by one, and impossible in the other.
    if (in_a.empty() || in_b.empty()) return true;
    if (!a.required.contains(key) || !b.required.contains(key)) continue;
    bool apart = true;
    for (const Shape& one : in_a) {
      for (const Shape& other : in_b) {
        TRIVIUM_TRY_ASSIGN(const bool pair, disjoint(one, other, depth + 1));
        apart = apart && pair;
      }
    }
    if (apart) return true;
  }
  return false;
}

}  // namespace trivium::grammar
