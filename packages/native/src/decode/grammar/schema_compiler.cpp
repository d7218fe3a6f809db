// Everything but objects.
#include "decode/grammar/schema_compiler.h"

#include <algorithm>

namespace trivium::grammar {
namespace {

constexpr std::uint32_t unrolled = 3;  // repeats up to this many are written out
constexpr unsigned most_spaces = 32, most_tabs = 8;

Fragment up_to_times(GrammarBuilder& builder, char c, unsigned count) {
  const Fragment all = builder.nothing();
  StateId at = all.start;
  for (unsigned i = 0; i < count; ++i) {
    const StateId next = builder.state();
    builder.edge(at, static_cast<unsigned char>(c), static_cast<unsigned char>(c), next);
    builder.epsilon(at, all.end);
    at = next;
  }
  builder.epsilon(at, all.end);
  return all;
}

Fragment digits(GrammarBuilder& builder, unsigned low, unsigned high) {
  const Fragment all = builder.nothing();
  StateId at = all.start;
  for (unsigned i = 0; i < high; ++i) {
    const StateId next = builder.state();
    builder.edge(at, '0', '9', next);
    if (i >= low) builder.epsilon(at, all.end);
    at = next;
  }
  builder.epsilon(at, all.end);
  return all;
}

Fragment bytes(GrammarBuilder& builder, std::initializer_list<std::pair<unsigned char, unsigned char>> ranges) {
  const Fragment one = builder.nothing();
  for (const auto& [low, high] : ranges) builder.edge(one.start, low, high, one.end);
  return one;
}

Fragment integer(GrammarBuilder& builder) {
  const Fragment first = bytes(builder, {{'1', '9'}});
  return builder.sequence({builder.optional(builder.literal("-")),
                           builder.alternatives({builder.literal("0"), builder.sequence({first, digits(builder, 0, 17)})})});
}

Fragment number(GrammarBuilder& builder) {
  const Fragment fraction = builder.sequence({builder.literal("."), digits(builder, 1, 15)});
  const Fragment exponent = builder.sequence({bytes(builder, {{'E', 'E'}, {'e', 'e'}}),
                                              builder.optional(bytes(builder, {{'+', '+'}, {'-', '-'}})), digits(builder, 1, 2)});
  return builder.sequence({integer(builder), builder.optional(fraction), builder.optional(exponent)});
}

// One character of a string as a value: as it is, or as any escape; lone surrogates are none.
Fragment character(GrammarBuilder& builder) {
  CodeAutomaton plain;
  plain.start = plain.add_state();
  const std::uint32_t end = plain.add_state();
  plain.states[end].accepts = true;
  plain.add_edges(plain.start, CodeSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}.negated(), end);
  const auto hex = [&] { return bytes(builder, {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}); };
  const Fragment named = bytes(builder, {{'"', '"'}, {'/', '/'}, {'\\', '\\'}, {'b', 'b'}, {'f', 'f'}, {'n', 'n'}, {'r', 'r'}, {'t', 't'}});
  const Fragment common = builder.sequence({bytes(builder, {{'0', '9'}, {'A', 'C'}, {'E', 'F'}, {'a', 'c'}, {'e', 'f'}}), hex(), hex(), hex()});
  const Fragment before_surrogates = builder.sequence({bytes(builder, {{'D', 'D'}, {'d', 'd'}}), bytes(builder, {{'0', '7'}}), hex(), hex()});
  const Fragment pair = builder.sequence({bytes(builder, {{'D', 'D'}, {'d', 'd'}}), bytes(builder, {{'8', '9'}, {'A', 'B'}, {'a', 'b'}}), hex(), hex(),
                                          builder.literal("\\u"), bytes(builder, {{'D', 'D'}, {'d', 'd'}}), bytes(builder, {{'C', 'F'}, {'c', 'f'}}), hex(), hex()});
  const Fragment unicode = builder.sequence({builder.literal("u"), builder.alternatives({common, before_surrogates, pair})});
  return builder.alternatives({builder.text(plain, TextForm::plain), builder.sequence({builder.literal("\\"), builder.alternatives({named, unicode})})});
}

}  // namespace

JsonRules json_rules(GrammarBuilder& builder) {
  JsonRules rules{};
  const auto rule = [&](Fragment body) {
    const RuleId id = builder.declare();
    builder.define(id, body);
    return id;
  };
  const auto call = [&](RuleId id) { return builder.call(id); };
  rules.line = rule(builder.alternatives({builder.empty(), builder.literal(" "),
      builder.sequence({builder.literal("\n"), builder.alternatives({up_to_times(builder, ' ', most_spaces), up_to_times(builder, '\t', most_tabs)})})}));
  rules.character = rule(character(builder));
  rules.string = rule(builder.sequence({builder.literal("\""), builder.star(character(builder)), builder.literal("\"")}));
  rules.integer = rule(integer(builder));
  rules.number = rule(number(builder));
  rules.any_value = builder.declare();
  const auto list = [&](const char* open, const auto& item, const char* close) {
    const Fragment more = builder.star(builder.sequence({builder.literal(","), call(rules.line), item()}));
    const Fragment items = builder.sequence({item(), more, call(rules.line)});
    return builder.sequence({builder.literal(open), call(rules.line), builder.optional(items), builder.literal(close)});
  };
  const auto value = [&] { return call(rules.any_value); };
  const auto member = [&] {
    return builder.sequence({call(rules.string), builder.literal(":"), builder.optional(builder.literal(" ")), value()});
  };
  rules.any_object = rule(list("{", member, "}"));
  const RuleId any_array = rule(list("[", value, "]"));
  builder.define(rules.any_value, builder.alternatives({builder.literal("null"), builder.literal("true"), builder.literal("false"),
      call(rules.number), call(rules.string), call(any_array), call(rules.any_object)}));
  return rules;
}

RuleId SchemaCompiler::rule_of(const SchemaSet& schemas) {
  if (schemas.empty()) return rules_.any_value;
  const auto [at, fresh] = known_.try_emplace(schemas, 0);
  if (fresh) {
    at->second = builder_.declare();
    undefined_.emplace_back(schemas, at->second);
  }
  return at->second;
}

Result<RuleId> SchemaCompiler::compile() {
  const RuleId root = rule_of({&schema_});
  for (std::size_t i = 0; i < undefined_.size(); ++i) {
    const auto [schemas, rule] = undefined_[i];
    TRIVIUM_TRY_ASSIGN(const Fragment body, value_of(schemas));
    builder_.define(rule, body);
    if (builder_.too_large())
      return unsupported(reader_.pointer(schemas[0]), "The schema is too large.", "Take fewer properties, alternatives and bounds.");
  }
  return root;
}

Result<Fragment> SchemaCompiler::value_of(const SchemaSet& schemas) {
  TRIVIUM_TRY_ASSIGN(const std::vector<Shape> shapes, reader_.shapes(schemas));
  if (shapes.empty()) return builder_.nothing();
  std::vector<Fragment> branches;
  for (const Shape& one : shapes) {
    TRIVIUM_TRY_ASSIGN(const Fragment made, shape(one));
    branches.push_back(made);
    if (builder_.too_large()) break;
  }
  return builder_.alternatives(branches);
}

Result<Fragment> SchemaCompiler::shape(const Shape& shape) {
  if (shape.values) return named_values(shape);
  const bool free_object = shape.objects.empty() && shape.names.empty() && shape.required.empty() && shape.min_properties == 0 &&
                           shape.max_properties == unbounded;
  const bool free_array = shape.arrays.empty() && shape.min_items == 0 && shape.max_items == unbounded;
  const bool free_string = shape.texts.empty() && shape.min_length == 0 && shape.max_length == unbounded;
  if (shape.types == json_type::all && free_object && free_array && free_string && shape.number.free()) return builder_.call(rules_.any_value);
  std::vector<Fragment> branches;
  if (shape.types & json_type::null) branches.push_back(builder_.literal("null"));
  if (shape.types & json_type::boolean) {
    branches.push_back(builder_.literal("true"));
    branches.push_back(builder_.literal("false"));
  }
  const std::pair<unsigned, Result<Fragment> (SchemaCompiler::*)(const Shape&)> makers[] = {
      {json_type::whole | json_type::fraction, &SchemaCompiler::number}, {json_type::string, &SchemaCompiler::string},
      {json_type::array, &SchemaCompiler::array}, {json_type::object, &SchemaCompiler::object}};
  for (const auto& [types, make] : makers) {
    if ((shape.types & types) == 0) continue;
    if (types == json_type::object && free_object) {
      branches.push_back(builder_.call(rules_.any_object));
      continue;
    }
    TRIVIUM_TRY_ASSIGN(const Fragment made, (this->*make)(shape));
    branches.push_back(made);
  }
  return builder_.alternatives(branches);
}

Result<Fragment> SchemaCompiler::named_values(const Shape& shape) {
  Shape rest = shape;
  rest.values.reset();
  std::vector<std::string> texts;
  TRIVIUM_TRY(reader_.spend(shape.values->entries().size()));
  for (const auto& [value, text] : shape.values->entries()) {
    TRIVIUM_TRY_ASSIGN(const bool fit, reader_.fits(*value, rest));
    if (fit) texts.push_back(json_text(*value));
  }
  const auto language = one_of(texts, builder_.automata());
  if (!language) return unsupported(reader_.pointer(shape.schema), "The values are too many or too long.", "Name fewer or shorter ones.");
  return builder_.text(*language, TextForm::plain);
}

Result<Fragment> SchemaCompiler::number(const Shape& shape) {
  NumberBounds bounds = shape.number;
  bounds.integer = bounds.integer || (shape.types & json_type::fraction) == 0 || bounds.multiple_of > 0;
  if (bounds.multiple_of > 0 && (shape.types & json_type::whole) == 0) return builder_.nothing();
  if (bounds.free()) return builder_.call(bounds.integer ? rules_.integer : rules_.number);
  const auto [number, fresh] = numbers_.try_emplace(bounds, 0);
  if (fresh) {
    const auto texts = number_texts(bounds, builder_.automata());
    if (!texts) return unsupported(reader_.pointer(shape.schema), "The bounds and multiples of the number are too many.", "Take a smaller multipleOf.");
    if (texts->empty_language() && leave_room(bounds)) {
      const auto said = [](const std::optional<double>& bound) { return bound ? number_text(*bound) : std::string("any"); };
      return unsupported(reader_.pointer(shape.schema), "Numbers within these bounds are not written: they take an exponent, or more than 15 digits.",
                         "Scale the value.", said(bounds.low) + " to " + said(bounds.high));
    }
    number->second = builder_.declare();
    builder_.define(number->second, builder_.text(*texts, TextForm::plain));
  }
  return builder_.call(number->second);
}

Result<Fragment> SchemaCompiler::string(const Shape& shape) {
  const auto quoted = [&](Fragment text) { return builder_.sequence({builder_.literal("\""), text, builder_.literal("\"")}); };
  if (shape.texts.empty()) {
    if (shape.min_length == 0 && shape.max_length == unbounded) return builder_.call(rules_.string);
    return quoted(repeated(rules_.character, shape.min_length, shape.max_length));
  }
  Texts key{{}, shape.min_length, shape.max_length};
  for (const TextConstraint& one : shape.texts) std::get<0>(key).emplace_back(one.pattern, one.whole);
  const auto [known, fresh] = texts_.try_emplace(std::move(key), 0);
  if (fresh) {
    TRIVIUM_TRY_ASSIGN(const CodeAutomaton texts, reader_.texts_of(shape));
    known->second = builder_.declare();
    builder_.define(known->second, quoted(builder_.text(texts, TextForm::json)));
    if (builder_.too_large())
      return unsupported(reader_.pointer(shape.texts[0].at), "The pattern makes the schema too large.",
                         "Take smaller counts and fewer alternatives.", std::string(shape.texts[0].pattern));
  }
  return builder_.call(known->second);
}

Fragment SchemaCompiler::repeated(RuleId body, std::uint32_t low, std::uint32_t high) {
  if (low > high) return builder_.nothing();
  if (high == 0) return builder_.empty();
  if (high == unbounded && low == 0) return builder_.star(builder_.call(body));
  if (high > unrolled) return builder_.call(builder_.counted(body, low, high));
  Fragment all = builder_.empty();
  for (std::uint32_t i = high; i > 0; --i) {
    all = builder_.sequence({builder_.call(body), all});
    if (i > low) all = builder_.optional(all);
  }
  return all;
}

Result<Fragment> SchemaCompiler::array(const Shape& shape) {
  std::size_t prefix = 0;
  for (const ArrayClause& clause : shape.arrays) prefix = std::max(prefix, clause.prefix ? clause.prefix->items().size() : 0);
  if (prefix > builder_.limits().automaton_states)
    return unsupported(reader_.pointer(shape.schema), "prefixItems is too long.", "Take fewer.", std::to_string(prefix));
  const auto line = [&] { return builder_.call(rules_.line); };
  const RuleId rest = rule_of(reader_.schemas_of_item(shape, prefix));
  const Fragment whole = builder_.nothing();
  const StateId closing = builder_.state();
  const Fragment close = builder_.literal("]");
  builder_.epsilon(closing, close.start);
  builder_.epsilon(close.end, whole.end);
  const Fragment open = builder_.sequence({builder_.literal("["), line()});
  builder_.epsilon(whole.start, open.start);
  if (shape.min_items == 0) builder_.epsilon(open.end, closing);
  const auto close_from = [&](StateId from) {
    const Fragment space = line();
    builder_.epsilon(from, space.start);
    builder_.epsilon(space.end, closing);
  };
  StateId at = open.end;
  std::uint32_t count = 0;
  // Items that have a schema of their own, and the first one in any case, since no comma stands before it.
  for (; count < std::max<std::size_t>(prefix, 1) && count < shape.max_items; ++count) {
    const RuleId item = count < prefix ? rule_of(reader_.schemas_of_item(shape, count)) : rest;
    const Fragment one = count == 0 ? builder_.call(item) : builder_.sequence({builder_.literal(","), line(), builder_.call(item)});
    builder_.epsilon(at, one.start);
    at = one.end;
    if (count + 1 >= shape.min_items && count + 1 < std::max<std::size_t>(prefix, 1)) close_from(at);
  }
  if (count == 0) return whole;
  const RuleId more = builder_.declare();
  builder_.define(more, builder_.sequence({builder_.literal(","), line(), builder_.call(rest)}));
  const std::uint32_t low = shape.min_items > count ? shape.min_items - count : 0;
  const std::uint32_t high = shape.max_items == unbounded ? unbounded : shape.max_items - count;
  const Fragment tail = repeated(more, low, high);
  builder_.epsilon(at, tail.start);
  close_from(tail.end);
  return whole;
}

}  // namespace trivium::grammar
