// Objects: named properties in order, each there or not, then keys that have no name of their own.
#include <algorithm>

#include "decode/grammar/schema_compiler.h"

namespace trivium::grammar {
namespace {

constexpr std::size_t most_patterns = 4;          // of one object: the ways in which they overlap double with each
constexpr std::size_t most_key_states = 40'000;   // properties times counts

}  // namespace

Fragment SchemaCompiler::member(Fragment key, RuleId value) {
  return builder_.sequence({key, builder_.literal(":"), builder_.optional(builder_.literal(" ")), builder_.call(value)});
}

// One entry for every way in which a key may match patterns; keys that have a name of their own are none of them.
Result<std::vector<SchemaCompiler::Key>> SchemaCompiler::free_keys(const Shape& shape, const std::vector<std::string>& names) {
  std::vector<Key> keys;
  struct Pattern { const std::pair<std::string, const Json*>* given; const ObjectClause* clause; };
  std::vector<Pattern> patterns;
  for (const ObjectClause& clause : shape.objects)
    for (const auto& one : clause.patterns) patterns.push_back({&one, &clause});
  if (patterns.size() > most_patterns)
    return unsupported(reader_.pointer(patterns.back().given->second), "More than four patternProperties are not supported.", "Take fewer patterns.");
  AutomatonBudget& budget = builder_.automata();
  const bool any_key = patterns.empty() && names.empty() && shape.names.empty();
  const auto too_large = [&] { return unsupported(shape.field, "The keys of the object are too many to tell apart.", "Take fewer properties and patterns."); };
  CodeAutomaton unnamed = complement(one_of(names));
  if (!shape.names.empty()) {
    TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const language, reader_.key_language(shape.names));
    auto both = intersection(unnamed, *language, budget);
    if (!both) return too_large();
    unnamed = std::move(*both);
  }
  for (unsigned matched = 0; matched < 1u << patterns.size(); ++matched) {
    CodeAutomaton texts = unnamed;
    SchemaSet schemas;
    const auto add = [&](const Json* schema) {
      if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) schemas.push_back(schema);
    };
    for (const ObjectClause& clause : shape.objects) {
      bool any = false;
      for (std::size_t i = 0; i < patterns.size(); ++i) {
        if (patterns[i].clause != &clause || (matched >> i & 1) == 0) continue;
        any = true;
        add(patterns[i].given->second);
      }
      if (!any && clause.additional != nullptr) add(clause.additional);
    }
    TRIVIUM_TRY_ASSIGN(const std::vector<Shape> possible, schemas.empty() ? std::vector<Shape>(1) : reader_.shapes(schemas));
    if (possible.empty()) continue;
    if (any_key) {
      keys.push_back({builder_.call(rules_.string), rule_of(schemas)});
      continue;
    }
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const TextConstraint constraint{patterns[i].given->first, false, reader_.pointer(patterns[i].given->second)};
      TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const language, reader_.pattern_language(constraint, true));
      auto both = intersection(texts, (matched >> i & 1) ? *language : complement(*language), budget);
      if (!both) return too_large();
      texts = std::move(*both);
    }
    if (texts.empty_language()) continue;
    const Fragment text = builder_.text(texts, TextForm::json);
    keys.push_back({builder_.sequence({builder_.literal("\""), text, builder_.literal("\"")}), rule_of(schemas)});
  }
  return keys;
}

// States by the next property that may be written and, where the number of properties is bounded, by how many there are:
// `key` waits for one, `after` for a comma or the end.
Result<Fragment> SchemaCompiler::object(const Shape& shape) {
  std::vector<std::string> names;
  const auto add_name = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const ObjectClause& clause : shape.objects)
    for (const auto& [name, schema] : clause.properties) add_name(name);
  for (const std::string& name : shape.required) add_name(name);
  TRIVIUM_TRY_ASSIGN(const std::vector<std::string> listed, reader_.listed_keys(shape.names));
  for (const std::string& name : listed) add_name(name);
  const auto is_required = [&](const std::string& name) {
    return std::find(shape.required.begin(), shape.required.end(), name) != shape.required.end();
  };
  TRIVIUM_TRY_ASSIGN(const std::vector<Key> free, free_keys(shape, names));

  const std::uint32_t required = std::uint32_t(shape.required.size());
  const std::uint32_t least = shape.min_properties > required ? shape.min_properties : 0;
  const bool most = shape.max_properties != unbounded;
  // A key may be written twice and then counts once; beyond one key more than is required, counting could be wrong.
  if (!free.empty() && least > required + 1)
    return unsupported(shape.field + "/minProperties", "minProperties over keys without a name is not decidable beyond one more than is required.",
                       "Name the properties, or lower minProperties.", std::to_string(shape.min_properties));
  const std::uint32_t counts = (most ? shape.max_properties : least) + 1;
  if (std::size_t(counts) * (names.size() + 1) > most_key_states)
    return unsupported(shape.field + (most ? "/maxProperties" : "/minProperties"), "The bound on the number of properties is too high.", "Lower it.",
                       std::to_string(counts - 1));
  const auto state_table = [&] {
    std::vector<std::vector<StateId>> table(names.size() + 1, std::vector<StateId>(counts));
    for (auto& row : table)
      for (StateId& id : row) id = builder_.state();
    return table;
  };
  const auto key = state_table(), after = state_table();
  const auto next_count = [&](std::uint32_t count) { return most ? count + 1 : std::min(count + 1, counts - 1); };

  const Fragment whole = builder_.nothing();
  const Fragment open = builder_.sequence({builder_.literal("{"), builder_.call(rules_.line)});
  builder_.epsilon(whole.start, open.start);
  builder_.epsilon(open.end, key[0][0]);
  const StateId closing = builder_.state();
  const Fragment close = builder_.literal("}");
  builder_.epsilon(closing, close.start);
  builder_.epsilon(close.end, whole.end);
  if (required == 0 && least == 0) builder_.epsilon(open.end, closing);

  std::size_t last_required = 0;  // behind the last required property
  for (std::size_t i = 0; i < names.size(); ++i)
    if (is_required(names[i])) last_required = i + 1;
  for (std::size_t i = 0; i <= names.size(); ++i) {
    RuleId value = 0;
    if (i < names.size()) {
      TRIVIUM_TRY_ASSIGN(const SchemaSet schemas, reader_.schemas_of_key(shape, names[i]));
      value = rule_of(schemas);
    }
    for (std::uint32_t count = 0; count < counts; ++count) {
      const bool room = !most || count + 1 < counts;
      const auto write = [&](StateId from, Fragment text, RuleId rule, StateId to) {
        const Fragment one = member(text, rule);
        builder_.epsilon(from, one.start);
        builder_.epsilon(one.end, to);
      };
      if (i < names.size()) {
        if (room) write(key[i][count], builder_.literal(json_string(names[i])), value, after[i + 1][next_count(count)]);
        if (!is_required(names[i])) builder_.epsilon(key[i][count], key[i + 1][count]);
      }
      const Fragment comma = builder_.sequence({builder_.literal(","), builder_.call(rules_.line)});
      builder_.epsilon(after[i][count], comma.start);
      builder_.epsilon(comma.end, key[i][count]);
      if (i >= last_required && count >= least) {
        const Fragment space = builder_.call(rules_.line);
        builder_.epsilon(after[i][count], space.start);
        builder_.epsilon(space.end, closing);
      }
    }
    if (builder_.too_large()) break;
  }
  // Behind the named ones; every free key leads back to where another may follow.
  for (const Key& one : free) {
    const RuleId key_rule = builder_.declare();
    builder_.define(key_rule, one.text);
    for (std::uint32_t count = 0; count < counts; ++count) {
      if (most && count + 1 >= counts) continue;
      const Fragment written = member(builder_.call(key_rule), one.value);
      builder_.epsilon(key[names.size()][count], written.start);
      builder_.epsilon(written.end, after[names.size()][next_count(count)]);
    }
  }
  return whole;
}

}  // namespace trivium::grammar
