// Shapes as texts: how a value that satisfies a schema may be written. JSON is compact with room for the ways in which models
// write it: one space behind a colon; behind an opening bracket or a comma and before a closing bracket one space, or a line
// break and up to 32 spaces or 8 tabs. So a text reads as usual, and blanks can never go on without end. Properties come in
// the order of the schema, those that it does not name last. Integers have at most 18 digits, fractions 15 more, exponents 2.
// Refuses to know keywords (schema_reader.h) and automata's insides.
#pragma once
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "decode/grammar/grammar_builder.h"
#include "decode/grammar/schema_reader.h"

namespace trivium::grammar {

// What every schema of one grammar shares.
struct JsonRules {
  RuleId line, string, character, number, integer, any_value, any_object;
};
JsonRules json_rules(GrammarBuilder& builder);

class SchemaCompiler {
 public:
  SchemaCompiler(GrammarBuilder& builder, const JsonRules& rules, const Json& schema, std::string field)
      : builder_(builder), rules_(rules), schema_(schema), reader_(schema, builder.limits(), builder.automata(), std::move(field)) {}
  // The rule of the whole schema. GrammarBuilder::finish says whether any value satisfies it.
  Result<RuleId> compile();

 private:
  RuleId rule_of(const SchemaSet& schemas);  // defined later, by compile()
  Result<Fragment> value_of(const SchemaSet& schemas);
  Result<Fragment> shape(const Shape& shape);
  Result<Fragment> named_values(const Shape& shape);
  Result<Fragment> number(const Shape& shape);
  Result<Fragment> string(const Shape& shape);
  Result<Fragment> array(const Shape& shape);
  Result<Fragment> object(const Shape& shape);
  struct Key { Fragment text; RuleId value; };
  Result<std::vector<Key>> free_keys(const Shape& shape, const NameSet& names);
  Fragment member(Fragment key, RuleId value);
  Fragment repeated(RuleId body, std::uint32_t low, std::uint32_t high);

  GrammarBuilder& builder_;
  const JsonRules& rules_;
  const Json& schema_;
  SchemaReader reader_;
  std::map<SchemaSet, RuleId> known_;
  std::map<NumberBounds, RuleId> numbers_;
  using Texts = std::tuple<std::vector<std::pair<std::string_view, bool>>, std::uint32_t, std::uint32_t>;
  std::map<Texts, RuleId> texts_;  // by patterns (and whether whole), least and greatest length
  std::vector<std::pair<SchemaSet, RuleId>> undefined_;
};

}  // namespace trivium::grammar
