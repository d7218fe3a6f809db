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
  Result<SchemaSet> schemas_of_key(const Shape& shape, std::string_view key);
  // Of Shape::names: the keys that they list by name, and the texts of all that they allow (deterministic).
  Result<std::vector<std::string>> listed_keys(const SchemaSet& names);
  Result<const CodeAutomaton*> key_language(const SchemaSet& names);
  SchemaSet schemas_of_item(const Shape& shape, std::size_t index) const;
  // Texts of a string with constraints, as values. Deterministic when there is more than one constraint.
  Result<CodeAutomaton> texts_of(const Shape& shape);
  Result<const CodeAutomaton*> pattern_language(const TextConstraint& constraint, bool needs_deterministic);
  Result<bool> fits(const Json& value, const Shape& shape);
  Result<bool> disjoint(const Shape& a, const Shape& b, int depth = 0);

  // JSON pointer of a node of what the user gave; made when it is asked for, which is for an error. "" for other nodes.
  std::string pointer(const Json* node) const;
  // Looks at names, values and keywords. An error once they are too many: a short schema may refer to a long one often.
  Status spend(std::size_t looks);
  const GrammarLimits& limits() const { return limits_; }

 private:
  using Path = std::vector<const Json*>;  // schemas being read, each inside or named by the one before
  struct Place { const Json* parent; const std::string* key; std::size_t index; };  // key: null in a list
  void remember_places(const Json& node);
  Status read(const Json* schema, Shape& shape, Path& path);
  Status read_keyword(const Json& schema, const Json::Member& member, Shape& shape, Path& path);
  Status read_number_keyword(const Json& schema, const Json::Member& member, Shape& shape);
  Status read_count_keyword(const Json::Member& member, Shape& shape);
  Status read_object_keywords(const Json& schema, Shape& shape);
  Status read_array_keywords(const Json& schema, Shape& shape);
  Status read_text_keyword(const Json& schema, const Json::Member& member, Shape& shape);
  Status read_type(const Json& type, bool nullable, Shape& shape);
  Status read_values(const Json::Member& member, Shape& shape);
  Status read_choice(const Json::Member& member, Shape& shape);
  Error too_deep(const Json* schema) const;
  Result<const Json*> referred(const Json& reference);
  const Json* member_of(const Json& object, std::string_view key);
  Result<std::vector<Shape>> shapes_within(const SchemaSet& schemas);
  Status check_exactly_one(const Json& branches);
  Status multiply(Shape shape, std::vector<Shape>& into);
  Result<bool> accepts(const CodeAutomaton& language, std::string_view text, const Json* at);
  Result<bool> fits_all(const Json& value, const SchemaSet& schemas);
  Result<std::vector<std::string>> named_strings(const Shape& shape);   // of `values`, those that fit
  Result<bool> disjoint_objects(const Shape& a, const Shape& b, int depth);

  const Json& root_;
  GrammarLimits limits_;
  AutomatonBudget& automata_;
  std::string field_;
  std::unordered_map<const Json*, Place> places_;
  std::unordered_map<std::string, const Json*> anchors_;
  std::unordered_map<const Json*, const Json*> references_;              // by $ref, those that were followed
  std::unordered_map<const Json*, std::shared_ptr<const ValueSet>> value_sets_;  // by enum or const
  std::unordered_map<const Json*, std::unordered_map<std::string_view, const Json*>> members_;  // of large objects
  std::map<std::pair<std::string_view, bool>, CodeAutomaton> languages_;  // of patterns, by text and whole
  std::map<std::pair<std::string_view, bool>, CodeAutomaton> deterministic_;
  std::unordered_map<const CodeAutomaton*, Closure> closures_;           // of languages that texts were asked of
  std::map<SchemaSet, CodeAutomaton> key_languages_;
  std::vector<const Json*> branches_;                                    // being multiplied out, of one value
  std::set<const Json*> checked_;                                        // oneOf that were looked at
  std::size_t work_ = 0;                                                 // looks
  std::size_t depth_ = 0;                                                // schemas and choices being read
};

}  // namespace trivium::grammar
