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
Result<std::vector<SchemaCompiler::Key>> SchemaCompiler::free_keys(const Shape& shape, const NameSet& names) {
  std::vector<Key> keys;
  struct Pattern { const Json::Member* given; const ObjectClause* clause; };
  std::vector<Pattern> patterns;
  for (const ObjectClause& clause : shape.objects)
    for (const Json::Member& one : members_or_none(clause.patterns)) patterns.push_back({&one, &clause});
  if (patterns.size() > most_patterns)
    return unsupported(reader_.pointer(&patterns.back().given->second), "More than four patternProperties are not supported.", "Take fewer patterns.");
  AutomatonBudget& budget = builder_.automata();
  const bool any_key = patterns.empty() && names.empty() && shape.names.empty();
  const auto too_large = [&] { return unsupported(reader_.pointer(shape.schema), "The keys of the object are too many to tell apart.", "Take fewer properties and patterns."); };
  std::optional<CodeAutomaton> unnamed;  // made when it is asked for: an object whose keys all have names has no use for it
  for (unsigned matched = 0; matched < 1u << patterns.size(); ++matched) {
    SchemaSet schemas;
    const auto add = [&](const Json* schema) {
      if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) schemas.push_back(schema);
    };
    for (const ObjectClause& clause : shape.objects) {
      bool any = false;
      for (std::size_t i = 0; i < patterns.size(); ++i) {
        if (patterns[i].clause != &clause || (matched >> i & 1) == 0) continue;
        any = true;
        add(&patterns[i].given->second);
      }
      if (!any && clause.additional != nullptr) add(clause.additional);
    }
    TRIVIUM_TRY_ASSIGN(const std::vector<Shape> possible, schemas.empty() ? std::vector<Shape>(1) : reader_.shapes(schemas));
    if (possible.empty()) continue;
    if (any_key) {
      keys.push_back({builder_.call(rules_.string), rule_of(schemas)});
      continue;
    }
    if (!unnamed) {
      const auto named = one_of(std::vector<std::string>(names.begin(), names.end()), budget);
      unnamed = named ? complement(*named, budget) : std::nullopt;
      if (unnamed && !shape.names.empty()) {
        TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const language, reader_.key_language(shape.names));
        unnamed = intersection(std::move(*unnamed), *language, budget);
      }
      if (!unnamed) return too_large();
    }
    CodeAutomaton texts = *unnamed;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const TextConstraint constraint{patterns[i].given->first, false, &patterns[i].given->second};
      TRIVIUM_TRY_ASSIGN(const CodeAutomaton* const language, reader_.pattern_language(constraint, true));
      auto held = (matched >> i & 1) ? std::optional(*language) : complement(*language, budget);
      auto both = held ? intersection(std::move(texts), std::move(*held), budget) : std::nullopt;
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
  NameSet names;
  for (const ObjectClause& clause : shape.objects) {
    TRIVIUM_TRY(reader_.spend(members_or_none(clause.properties).size()));
    for (const auto& [name, schema] : members_or_none(clause.properties)) names.add(name);
  }
  for (const std::string_view name : shape.required) names.add(name);
  TRIVIUM_TRY_ASSIGN(const std::vector<std::string> listed, reader_.listed_keys(shape.names));
  for (const std::string& name : listed) names.add(name);
  std::size_t bytes = 0;
  for (const std::string_view name : names) bytes += name.size();
  if (names.size() >= most_key_states || bytes > builder_.limits().states)  // a byte is a state
    return unsupported(reader_.pointer(shape.schema), "The names of the object's properties are too many or too long.", "Take fewer.",
                       std::to_string(names.size()));
  TRIVIUM_TRY_ASSIGN(const std::vector<Key> free, free_keys(shape, names));

  const std::uint32_t required = std::uint32_t(shape.required.size());
  const std::uint32_t least = shape.min_properties > required ? shape.min_properties : 0;
  const bool most = shape.max_properties != unbounded;
  // A key may be written twice and then counts once; beyond one key more than is required, counting could be wrong.
  if (!free.empty() && least > required + 1)
    return unsupported(reader_.pointer(shape.schema) + "/minProperties", "minProperties over keys without a name is not decidable beyond one more than is required.",
                       "Name the properties, or lower minProperties.", std::to_string(shape.min_properties));
  const std::uint32_t counts = (most ? shape.max_properties : least) + 1;
  if (std::size_t(counts) * (names.size() + 1) > most_key_states)
    return unsupported(reader_.pointer(shape.schema) + (most ? "/maxProperties" : "/minProperties"), "The bound on the number of properties is too high.", "Lower it.",
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
    if (shape.required.contains(names[i])) last_required = i + 1;
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
        if (room) write(key[i][count], builder_.literal(json_string(std::string(names[i]))), value, after[i + 1][next_count(count)]);
        if (!shape.required.contains(names[i])) builder_.epsilon(key[i][count], key[i + 1][count]);
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
