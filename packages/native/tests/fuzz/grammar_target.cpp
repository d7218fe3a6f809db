// A grammar that was taken keeps its promises: masks hold what can be accepted, every prefix can be completed, what a schema
// lets through is JSON.
#include "grammar_target.h"

#include "../byte_tokenizer.h"
#include "decode/grammar/description.h"
#include "decode/grammar/matcher.h"
#include "formats/json.h"

namespace fuzz {
namespace {

using namespace trivium;

constexpr int walks = 3, most_steps = 24;

struct Vocabulary {
  grammar_test::ByteTokenizer tokenizer{{"{\"", "\":", "\",\"", "\"}", "ab", " the", "123", "null", "true", "\xE4\xB8\xAD", "\xE4\xB8", "}}", "]}"}};
  std::shared_ptr<const grammar::TokenIndex> index = grammar::TokenIndex::of(tokenizer, tokenizer.vocabulary_size());
};

std::string follow(const std::shared_ptr<grammar::CompiledGrammar>& compiled, const Vocabulary& vocabulary, bool is_json, std::uint64_t salt) {
  grammar::Matcher matcher(compiled);
  std::vector<TokenId> ids;
  for (int step = 0; step < most_steps; ++step) {
    const auto mask = matcher.mask();
    if (!mask.ok()) return "";  // too ambiguous, and says so
    std::vector<TokenId> allowed;
    for (std::size_t id = 0; id < vocabulary.index->vocabulary(); ++id)
      if ((**mask)[id / 64] >> id % 64 & 1) allowed.push_back(TokenId(id));
    if (allowed.empty() != matcher.must_end()) return "a mask that is empty where the text may go on";
    if (allowed.empty()) break;
    salt = salt * 6364136223846793005u + 1442695040888963407u;
    const TokenId id = allowed[std::size_t(salt >> 33) % allowed.size()];
    if (!matcher.accept(id)) return "a token of the mask is refused";
    ids.push_back(id);
  }
  if (!matcher.may_end()) {
    if (matcher.completion_bytes() > 100'000) return "";
    const auto rest = matcher.completion();
    if (!rest) return "a prefix without a completion";
    for (const TokenId id : *rest)
      if (!matcher.accept(id)) return "a completion that is refused";
    ids.insert(ids.end(), rest->begin(), rest->end());
    if (!matcher.may_end()) return "a completion that completes nothing";
  }
  const std::string text = vocabulary.tokenizer.decode(ids, false);
  if (is_json && !Json::parse(text, "text").ok()) return "a text of a schema that is no JSON: " + text;
  return "";
}

}  // namespace

std::vector<Seed> grammar_seeds() {
  const auto schema = [](const char* text) { return Seed{std::string(R"({"type":"json-schema","schema":)") + text + "}"}; };
  return {
      schema(R"({"type":"object","properties":{"a":{"type":"string","minLength":1,"maxLength":9},"b":{"type":"array","items":{"type":"integer","minimum":-3,"maximum":12},"minItems":1,"maxItems":3}},"required":["a"],"additionalProperties":false})"),
      schema(R"({"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"null"},{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}}}]}}})"),
      schema(R"({"oneOf":[{"type":"object","properties":{"k":{"const":"x"}},"required":["k"]},{"type":"object","properties":{"k":{"enum":["y",1]}},"required":["k"]}]})"),
      schema(R"({"allOf":[{"type":"string","pattern":"^(?!ab)[a-z\\d]{2,5}$"},{"format":"uuid"}],"title":"t"})"),
      schema(R"({"type":"number","exclusiveMinimum":0.25,"maximum":1e3,"multipleOf":5})"),
      schema(R"({"type":"array","prefixItems":[{"type":"boolean"}],"items":{"enum":[null,"a\n",{"b":[1]}]}})"),
      schema(R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":{"format":"date-time"},"minProperties":1,"maxProperties":2})"),
      schema(R"({"type":"object","nullable":true,"propertyNames":{"anyOf":[{"enum":["a","b"]},{"pattern":"^x","format":"hostname"}]},"required":["a"]})"),
      {R"x({"type":"regex","pattern":"(a|b)*[^c\\s]{2,7}\\u00e9?|^x$"})x"},
      {R"({"type":"context-free","grammar":"root ::= root \"+\" num | num\nnum ::= [0-9]+ (\".\" [0-9]{1,3})? # n\n"})"},
      {R"({"type":"sequence","parts":[{"type":"text-until","marker":"<x>"},{"type":"any-of","parts":[{"type":"choice","choices":["a","bc"]},{"type":"special","token":"<call>"}]},{"type":"repeat","part":{"type":"literal","text":"z"},"least":1,"most":4},{"type":"text-without","marker":"y"}]})"}};
}

std::string mutate_grammar(const Seed& seed, const Seed& other, Random& random) {
  return random.chance(80) ? mutate_json(seed.bytes, random) : mutate_bytes(seed.bytes, other.bytes, random);
}

Outcome use_grammar(const std::string& input, const std::string&) {
  static const Vocabulary vocabulary;
  const auto fail = [](Error error) {
    error.file = "grammar";  // there is no file; the other kinds of input are
    return Outcome{std::move(error), ""};
  };
  auto made = grammar::grammar_of(input);
  if (!made.ok()) return fail(made.error());
  const auto compiled = grammar::CompiledGrammar::make(std::move(*made), vocabulary.index);
  if (!compiled.ok()) return fail(compiled.error());
  const auto description = Json::parse(input, "");
  const bool is_json = description.ok() && description->string_or("type", "") == "json-schema";
  for (std::uint64_t walk = 0; walk < walks; ++walk) {
    std::string broken = follow(*compiled, vocabulary, is_json, walk);
    if (!broken.empty()) return {{}, std::move(broken)};
  }
  return {};
}

}  // namespace fuzz
