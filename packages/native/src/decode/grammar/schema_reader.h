// From schemas to shapes: references followed, allOf merged, anyOf and oneOf multiplied out. Knows the keywords; refuses to
// know how a value is written.
#pragma once
#include <map>
#include <set>
#include <unordered_map>

#include "decode/grammar/code_automaton.h"
#include "decode/grammar/grammar.h"
#include "decode/grammar/schema_shape.h"

namespace trivium::grammar {

class SchemaReader {
 public:
  // `root` and `automata` outlive the reader. `field`: JSON pointer of the root in what the user gave.
  SchemaReader(const Json& root, const GrammarLimits& limits, AutomatonBudget& automata, std::string field);

  // What a value of all these schemas may be: one shape or another. None: there is no such value.
  Result<std::vector<Shape>> shapes(const SchemaSet& schemas);
  // The schemas that the value of a key must satisfy; a `false` among them: the key may not be there.
  Result<SchemaSet> schemas_of_key(const Shape& shape, const std::string& key);
  // Of Shape::names: the keys that they list by name, and the texts of all that they allow (deterministic).
  Result<std::vector<std::string>> listed_keys(const SchemaSet& names);
  Result<const CodeAutomaton*> key_language(const SchemaSet& names);
  SchemaSet schemas_of_item(const Shape& shape, std::size_t index) const;
  // Texts of a string with constraints, as values. Deterministic when there is more than one constraint.
  Result<CodeAutomaton> texts_of(const Shape& shape);
  Result<const CodeAutomaton*> pattern_language(const TextConstraint& constraint, bool needs_deterministic);
  Result<bool> fits(const Json& value, const Shape& shape);
  Result<bool> disjoint(const Shape& a, const Shape& b, int depth = 0);

  const std::string& pointer(const Json* schema) const;
  const GrammarLimits& limits() const { return limits_; }

 private:
  using Path = std::vector<const Json*>;  // schemas being read, each inside or named by the one before
  void remember_pointers(const Json& node, const std::string& pointer);
  Status read(const Json* schema, Shape& shape, Path& path);
  Status read_keyword(const Json& schema, const Json::Member& member, Shape& shape, Path& path, const std::string& field);
  Status read_number_keyword(const Json& schema, const Json::Member& member, Shape& shape, const std::string& field);
  Status read_count_keyword(const Json::Member& member, Shape& shape, const std::string& field);
  Status read_object_keywords(const Json& schema, Shape& shape, const std::string& field);
  Status read_array_keywords(const Json& schema, Shape& shape, const std::string& field);
  Status read_text_keyword(const Json& schema, const Json::Member& member, Shape& shape, const std::string& field);
  Status read_type(const Json& type, bool nullable, Shape& shape, const std::string& field);
  Status read_values(const Json::Member& member, Shape& shape, const std::string& field);
  Status read_choice(const Json::Member& member, Shape& shape, const std::string& field);
  Result<const Json*> referred(const std::string& reference, const std::string& field) const;
  Result<std::vector<Shape>> shapes_within(const SchemaSet& schemas);
  Status check_exactly_one(const Choice& choice);
  Status multiply(Shape shape, std::vector<Shape>& into);
  Result<bool> fits_all(const Json& value, const SchemaSet& schemas);
  Result<std::vector<std::string>> named_strings(const Shape& shape);   // of `values`, those that fit
  Result<bool> disjoint_objects(const Shape& a, const Shape& b, int depth);

  const Json& root_;
  GrammarLimits limits_;
  AutomatonBudget& automata_;
  std::unordered_map<const Json*, std::string> pointers_;
  std::unordered_map<std::string, const Json*> anchors_;
  std::map<std::pair<std::string, bool>, CodeAutomaton> languages_;      // of patterns, by text and whole
  std::map<std::pair<std::string, bool>, CodeAutomaton> deterministic_;
  std::map<SchemaSet, CodeAutomaton> key_languages_;
  std::vector<const Json*> branches_;                                    // being multiplied out, of one value
  std::set<std::string> checked_;                                        // oneOf that were looked at, by pointer
  std::size_t work_ = 0;                                                 // schemas read
};

}  // namespace trivium::grammar
