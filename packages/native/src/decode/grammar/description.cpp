#include "decode/grammar/description.h"

#include "base/utf8.h"
#include "decode/grammar/context_free_syntax.h"
#include "decode/grammar/regex_syntax.h"
#include "decode/grammar/schema_compiler.h"

namespace trivium::grammar {
namespace {

class DescriptionReader {
 public:
  explicit DescriptionReader(const GrammarLimits& limits) : builder_(limits) {}

  Result<Grammar> run(const Json& description) {
    const RuleId root = builder_.declare();
    TRIVIUM_TRY_ASSIGN(const Fragment body, part(description, ""));
    builder_.define(root, body);
    return builder_.finish(root, whole_field_);
  }

 private:
  using Maker = Result<Fragment> (DescriptionReader::*)(const Json&, const std::string&);
  struct Row { std::string_view type; Maker make; };

  Result<Fragment> part(const Json& given, const std::string& field) {
    static constexpr Row rows[] = {
        {"json-schema", &DescriptionReader::json_schema}, {"regex", &DescriptionReader::regex},
        {"context-free", &DescriptionReader::context_free}, {"choice", &DescriptionReader::choice},
        {"literal", &DescriptionReader::literal}, {"special", &DescriptionReader::special},
        {"text", &DescriptionReader::text}, {"text-until", &DescriptionReader::text_until},
        {"text-without", &DescriptionReader::text_until},
        {"sequence", &DescriptionReader::sequence}, {"any-of", &DescriptionReader::any_of},
        {"repeat", &DescriptionReader::repeat}};
    const std::string type = given.string_or("type", "");
    for (const Row& row : rows)
      if (row.type == type) return (this->*row.make)(given, field);
    return invalid(field + "/type", "There is no such type of grammar.", "json-schema, regex, context-free or choice", type);
  }

  Result<std::string> string_at(const Json& given, const char* key, const std::string& field) {
    const Json* const value = given.find(key);
    if (value == nullptr || !value->is_string()) return invalid(field + "/" + key, std::string(key) + " is no string.", "a string");
    return value->string();
  }
  Result<const std::vector<Json>*> list_at(const Json& given, const char* key, const std::string& field) {
    const Json* const value = given.find(key);
    if (value == nullptr || !value->is_array() || value->items().empty())
      return invalid(field + "/" + key, std::string(key) + " is no list, or empty.", "a list with at least one entry");
    return &value->items();
  }
  Fragment call_new(Fragment body) {
    const RuleId rule = builder_.declare();
    builder_.define(rule, body);
    return builder_.call(rule);
  }

  Result<Fragment> json_schema(const Json& given, const std::string& field) {
    const Json* const schema = given.find("schema");
    if (schema == nullptr) return invalid(field + "/schema", "There is no schema.", "a JSON Schema");
    if (!rules_) rules_ = json_rules(builder_);
    const std::string place = field + "/schema";
    if (field.empty()) whole_field_ = place;
    auto rule = SchemaCompiler(builder_, *rules_, *schema, place).compile();
    if (!rule.ok()) {
      if (const std::string name = given.string_or("name", ""); !name.empty()) rule.error().message = name + ": " + rule.error().message;
      return std::move(rule.error());
    }
    return builder_.call(*rule);
  }

  Result<Fragment> regex(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::string pattern, string_at(given, "pattern", field));
    TRIVIUM_TRY_ASSIGN(const CodeAutomaton language, regex_language(pattern, RegexMatch::whole, builder_.automata(), field + "/pattern"));
    if (field.empty()) whole_field_ = "/pattern";
    return builder_.text(language, TextForm::plain);
  }

  Result<Fragment> context_free(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::string text, string_at(given, "grammar", field));
    if (field.empty()) whole_field_ = "/grammar";
    TRIVIUM_TRY_ASSIGN(const RuleId rule, context_free_rule(builder_, text, field + "/grammar"));
    return builder_.call(rule);
  }

  Result<Fragment> choice(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::vector<Json>* const choices, list_at(given, "choices", field));
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < choices->size(); ++i) {
      if (!(*choices)[i].is_string() || (*choices)[i].string().empty())
        return invalid(field + "/choices/" + std::to_string(i), "A choice is no text, or empty.", "a text");
      texts.push_back((*choices)[i].string());
    }
    const auto language = one_of(texts, builder_.automata());
    if (!language) return unsupported(field + "/choices", "The choices are too many or too long.", "Give fewer or shorter ones.");
    return builder_.text(*language, TextForm::plain);
  }

  Result<Fragment> literal(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::string text, string_at(given, "text", field));
    return builder_.literal(text);
  }
  Result<Fragment> special(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::string token, string_at(given, "token", field));
    return builder_.special(token);
  }
  Result<Fragment> text(const Json&, const std::string&) {
    CodeAutomaton any;
    any.start = any.add_state();
    any.states[0].accepts = true;
    any.add_edges(0, CodeSet::any(), 0);
    return builder_.text(any, TextForm::plain);
  }
  Result<Fragment> text_until(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::string marker, string_at(given, "marker", field));
    if (marker.empty() || marker.size() > 1024)
      return invalid(field + "/marker", "The marker is empty or longer than 1024 bytes.", "a short text");
    const bool until = given.string_or("type", "") == "text-until";
    return builder_.text(until ? up_to(marker) : without(marker), TextForm::plain);
  }

  Result<std::vector<Fragment>> parts(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::vector<Json>* const list, list_at(given, "parts", field));
    std::vector<Fragment> made;
    for (std::size_t i = 0; i < list->size(); ++i) {
      TRIVIUM_TRY_ASSIGN(const Fragment one, part((*list)[i], field + "/parts/" + std::to_string(i)));
      made.push_back(one);
    }
    return made;
  }
  Result<Fragment> sequence(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::vector<Fragment> made, parts(given, field));
    return builder_.sequence(made);
  }
  Result<Fragment> any_of(const Json& given, const std::string& field) {
    TRIVIUM_TRY_ASSIGN(const std::vector<Fragment> made, parts(given, field));
    return builder_.alternatives(made);
  }
  Result<Fragment> repeat(const Json& given, const std::string& field) {
    const Json* const body = given.find("part");
    if (body == nullptr) return invalid(field + "/part", "There is no part to repeat.", "a part");
    const auto least = given.integer_at("least").value_or(0), most = given.integer_at("most").value_or(-1);
    if (least < 0 || least > 100'000 || most > 100'000 || (most >= 0 && most < least))
      return invalid(field, "The counts are out of range.", "0 <= least <= most <= 100000");
    TRIVIUM_TRY_ASSIGN(const Fragment made, part(*body, field + "/part"));
    if (least == 0 && most < 0) return builder_.star(call_new(made));
    if (most == 0) return builder_.empty();
    const RuleId rule = builder_.declare();
    builder_.define(rule, made);
    return builder_.call(builder_.counted(rule, std::uint32_t(least), most < 0 ? unbounded : std::uint32_t(most)));
  }

  GrammarBuilder builder_;
  std::optional<JsonRules> rules_;
  std::string whole_field_;
};

}  // namespace

Result<Grammar> grammar_of(std::string_view description, const GrammarLimits& limits) {
  auto parsed = Json::parse(description, "");
  if (!parsed.ok()) {
    parsed.error().code = ErrorCode::invalid_argument;
    parsed.error().field = "grammar";
    parsed.error().remedy = "Give a smaller schema that nests less deeply.";
    return std::move(parsed.error());
  }
  auto grammar = DescriptionReader(limits).run(*parsed);
  // Refused for one reason or another, or made a moment too late.
  if (limits.cancelled != nullptr && *limits.cancelled) return cancelled();
  if (!grammar.ok() && grammar.error().field.empty()) grammar.error().field = "grammar";
  if (grammar.ok() && grammar->rules[grammar->start].shortest == 0 && grammar->symbol_edges.empty())
    return invalid("grammar", "The empty text is the only one that satisfies it.", "a grammar of some text");
  return grammar;
}

}  // namespace trivium::grammar
