// JSON Schema as a grammar: what it accepts, and what it refuses to be.

#include "grammar_support.h"

using namespace grammar_test;

namespace {

void schema(const char* text, const std::vector<Expected>& texts) { check_all(compiled_schema(text), texts, text); }

void refused(const char* text, const char* field) {
  const auto made = compiled_schema(text);
  if (made.ok()) return check::fail(__FILE__, __LINE__, std::string("must be refused: ") + text);
  if (made.error().field != std::string("/schema") + field)
    check::fail(__FILE__, __LINE__, std::string(text) + ": " + made.error().message + " at " + made.error().field);
  CHECK(!made.error().remedy.empty());
}

}  // namespace

TEST("any JSON value") {
  schema("true", {{"null", true}, {"true", true}, {"-12.5e3", true}, {"\"a\\n\\u00e9\"", true}, {"[]", true}, {"[1,[2, {}]]", true},
                  {"{\"a\":1,\"b\": [null]}", true}, {"{\n  \"a\": 1\n}", true}, {"01", false}, {"[1,]", false}, {"{\"a\"}", false},
                  {"\"\xC3\"", false}, {"\"\\ud800\"", false}, {"\"\\ud83d\\ude00\"", true}, {"{  }", false}, {" 1", false}});
}

TEST("types, enum and const") {
  schema(R"({"type":["null","boolean"]})", {{"null", true}, {"false", true}, {"0", false}});
  schema(R"({"enum":["a\"b",1,null,[1,{"x":2}]]})",
         {{"\"a\\\"b\"", true}, {"1", true}, {"null", true}, {"[1,{\"x\":2}]", true}, {"2", false}, {"\"a\"", false}});
  schema(R"({"type":"string","enum":["a",1,"bb"],"minLength":2})", {{"\"bb\"", true}, {"\"a\"", false}, {"1", false}});
  schema(R"({"const":1.5})", {{"1.5", true}, {"1", false}});
}

TEST("objects") {
  const char* const closed = R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"},"c":{"type":"null"}},
                                 "required":["b"],"additionalProperties":false})";
  schema(closed, {{R"({"b":"x"})", true}, {R"({"a":1,"b":"x","c":null})", true}, {R"({"a": 1, "b": "x"})", true}, {R"({"b":"x","c":null})", true},
                  {R"({"b":"x","a":1})", false}, {"{}", false}, {R"({"a":1})", false}, {R"({"b":"x","d":1})", false}, {R"({"b":"x",})", false}});
  schema(R"({"type":"object","properties":{"ab":{"type":"integer"}}})",
         {{R"({"ab":1,"a":"x","abc":[]})", true}, {R"({"a":{}})", true}, {R"({"ab":"x"})", false}, {R"({"\u0061b":"x"})", false}, {"{}", true}});
  schema(R"({"type":"object","additionalProperties":{"type":"integer"},"maxProperties":2})",
         {{"{}", true}, {R"({"a":1,"b":2})", true}, {R"({"a":1,"b":2,"c":3})", false}, {R"({"a":"x"})", false}});
  schema(R"({"type":"object","properties":{"a":true,"b":true,"c":true},"additionalProperties":false,"minProperties":2})",
         {{R"({"a":1})", false}, {R"({"a":1,"c":1})", true}, {R"({"a":1,"b":1,"c":1})", true}});
  schema(R"({"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"type":"number","minimum":0}},"additionalProperties":false})",
         {{R"({"x":-1})", true}, {R"({"y":0.5})", true}, {R"({"xy":1})", true}, {R"({"xy":-1})", false}, {R"({"xy":0.5})", false}, {R"({"z":1})", false}});
  schema(R"({"type":"object","required":["k"],"additionalProperties":{"type":"null"}})", {{R"({"k":null})", true}, {"{}", false}, {R"({"k":1})", false}});
  schema(R"({"type":"object","properties":{"a":false,"b":{"type":"null"}}})", {{R"({"b":null})", true}, {R"({"a":1})", false}});
  for (const char* const names : {"true", "{}", R"({"type":"string"})", R"({"type":"string","description":"a name"})"})
    schema((std::string(R"({"type":"object","additionalProperties":{"type":"integer"},"propertyNames":)") + names + "}").c_str(),
           {{"{}", true}, {R"({"a":1})", true}, {R"({"a":"x"})", false}});
}

TEST("arrays") {
  schema(R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3})",
         {{"[]", false}, {"[1]", true}, {"[1, 2,3]", true}, {"[1,2,3,4]", false}, {"[1,\"a\"]", false}});
  schema(R"({"type":"array","items":{"type":"integer"},"minItems":5,"maxItems":6})",
         {{"[1,2,3,4]", false}, {"[1,2,3,4,5]", true}, {"[1,2,3,4,5,6]", true}, {"[1,2,3,4,5,6,7]", false}});
  schema(R"({"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"}],"items":false})",
         {{"[]", true}, {"[null]", true}, {"[null,true]", true}, {"[null,true,1]", false}, {"[true]", false}});
  schema(R"({"type":"array","items":[{"type":"null"}],"additionalItems":{"type":"integer"}})", {{"[null,1]", true}, {"[null,null]", false}});
}

TEST("strings") {
  schema(R"({"type":"string","minLength":2,"maxLength":4})",
         {{"\"a\"", false}, {"\"ab\"", true}, {"\"\xC3\xA9\xE4\xB8\xAD\"", true}, {"\"\\n\\ud83d\\ude00\"", true}, {"\"abcde\"", false}});
  schema(R"({"type":"string","pattern":"^[a-z]+-\\d{2,3}$"})", {{"\"ab-12\"", true}, {"\"ab-1\"", false}, {"\"ab-1234\"", false}, {"\"-12\"", false}});
  schema(R"({"type":"string","pattern":"b"})", {{"\"abc\"", true}, {"\"ac\"", false}, {"\"\\\"b\"", true}});
  schema(R"({"type":"string","pattern":"^a|b$"})", {{"\"ax\"", true}, {"\"xb\"", true}, {"\"xa\"", false}});
  schema(R"({"type":"string","pattern":"^(?!ab)[a-c]+$","maxLength":3})", {{"\"acb\"", true}, {"\"abc\"", false}, {"\"bcaa\"", false}});
  schema(R"({"type":"string","format":"date"})",
         {{"\"2024-02-29\"", true}, {"\"2023-02-29\"", false}, {"\"1900-02-29\"", false}, {"\"2000-02-29\"", true}, {"\"2024-04-31\"", false}});
  schema(R"({"type":"string","format":"uuid"})", {{"\"123e4567-e89b-12d3-a456-426614174000\"", true}, {"\"123e4567\"", false}});
  schema(R"({"type":"string","format":"date-time"})", {{"\"2024-01-01T23:59:59.5Z\"", true}, {"\"2024-01-01T24:00:00Z\"", false}});
  // As zod writes them: a format of its own, and beside it what it means.
  schema(R"({"type":"string","format":"ulid","pattern":"^[0-7][0-9A-Z]{25}$"})",
         {{"\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"", true}, {"\"91ARZ3NDEKTSV4RRFFQ69G5FAV\"", false}});
  schema(R"({"type":"string","format":"includes","allOf":[{"type":"string","pattern":"^ab.*"},{"type":"string","pattern":"c"}]})",
         {{"\"abxc\"", true}, {"\"abx\"", false}, {"\"c\"", false}});
  schema(R"({"type":"string","format":"base64","contentEncoding":"base64","pattern":"^$|^(?:[0-9a-zA-Z+/]{4})*(?:(?:[0-9a-zA-Z+/]{2}==)|(?:[0-9a-zA-Z+/]{3}=))?$"})",
         {{"\"\"", true}, {"\"YWI=\"", true}, {"\"YWI\"", false}});
}

TEST("formats that are not known say nothing, of numbers neither") {
  schema(R"({"type":"integer","format":"int32"})", {{"3", true}, {"3.5", false}});
  schema(R"({"type":"number","format":"double"})", {{"3.5", true}});
  schema(R"({"type":["integer","null"],"format":"uint64","minimum":0})", {{"3", true}, {"null", true}, {"-3", false}});
  for (const char* const format : {"password", "binary", "byte", "iri", "regex", "emoji", "credit-card"})
    schema((std::string(R"({"type":"string","format":")") + format + "\"}").c_str(), {{"\"a b\"", true}, {"1", false}});
}

TEST("formats with a grammar of their own") {
  const std::string label(63, 'a');
  const std::string long_name = "\"" + label + "." + label + ".org\"", long_label = "\"" + label + "a.org\"";
  schema(R"({"type":"string","format":"hostname"})",
         {{"\"a-1.b.example.co.uk\"", true}, {"\"localhost\"", true}, {long_name.c_str(), true}, {long_label.c_str(), false},
          {"\"-a.org\"", false}, {"\"a_b.org\"", false}, {"\"a..org\"", false}});
  schema(R"({"type":"string","format":"jwt"})",
         {{"\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U\"", true},
          {"\"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.\"", true}, {"\"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0\"", false}, {"\"a.b.c\"", false}});
  schema(R"({"type":"string","format":"json-pointer"})", {{"\"\"", true}, {"\"/a~1b/0/\xC3\xA9\"", true}, {"\"a\"", false}, {"\"/~2\"", false}});
  schema(R"({"type":"string","format":"relative-json-pointer"})", {{"\"0#\"", true}, {"\"1/a\"", true}, {"\"01\"", false}, {"\"/a\"", false}});
  schema(R"({"type":"string","format":"uri-reference"})",
         {{"\"a/b?c#d\"", true}, {"\"/\"", true}, {"\"https://example.org/a\"", true}, {"\"#top\"", true}, {"\"a b\"", false}});
  schema(R"({"type":"string","format":"uri-template"})", {{"\"/users/{id}{?a,b}\"", true}, {"\"/users/{id\"", false}, {"\"{}\"", false}});
}

TEST("what is listed beside a format is held to what every validator demands, not to the part of it that is written") {
  schema(R"({"enum":["PT0.5S","P10000D"],"format":"duration"})", {{"\"PT0.5S\"", true}, {"\"P10000D\"", true}});
  schema(R"({"const":"HTTP://h/","format":"uri","pattern":"^H"})", {{"\"HTTP://h/\"", true}});
  schema(R"({"enum":["a:b","b:a"],"format":"uri","pattern":"^a"})", {{"\"a:b\"", true}, {"\"b:a\"", false}});
  schema(R"({"enum":["a@b.co","nope"],"format":"email"})", {{"\"a@b.co\"", true}, {"\"nope\"", false}});
  schema(R"({"allOf":[{"enum":["2024-01-01","today"]},{"format":"date"}]})", {{"\"2024-01-01\"", true}, {"\"today\"", false}});
}

TEST("oneOf of a format and what it certainly does not allow") {
  for (const auto& [format, other, value] : {std::tuple{"date-time", R"({"const":"now"})", "\"now\""}, {"uri", R"({"enum":[""]})", "\"\""},
                                             {"email", R"({"enum":["unknown"]})", "\"unknown\""}, {"uuid", R"({"const":"all"})", "\"all\""},
                                             {"ipv4", R"({"const":"localhost"})", "\"localhost\""}, {"hostname", R"({"const":""})", "\"\""},
                                             {"ipv4", R"({"format":"ipv6","type":"string"})", "\"::1\""}})
    schema((std::string(R"({"oneOf":[{"type":"string","format":")") + format + "\"}," + other + "]}").c_str(), {{value, true}, {"\"-\"", false}});
  schema(R"({"oneOf":[{"type":"object","required":["d","k"],"properties":{"d":{"type":"string","maxLength":100000},"k":{"const":1}}},)"
         R"({"type":"object","required":["d","k"],"properties":{"d":{"type":"string","maxLength":100000},"k":{"const":2}}}]})",
         {{R"({"d":"","k":2})", true}, {R"({"d":"","k":3})", false}});
  // Valid, though not written.
  refused(R"({"oneOf":[{"type":"string","format":"uri"},{"const":"HTTP://h/"}]})", "/oneOf");
  refused(R"({"oneOf":[{"type":"string","format":"email"},{"type":"string","format":"uri"}]})", "/oneOf");
  refused(R"({"oneOf":[{"type":"string","format":"uri"},{"type":"string"}]})", "/oneOf");
}

TEST("formats with lengths as they are asked for") {
  schema(R"({"type":"string","format":"uri","maxLength":1024})", {{"\"https://a--b.example.org/\"", true}, {"\"http://10.0.0.5:80/a\"", true}, {"\"a\"", false}});
  schema(R"({"type":"string","format":"uri-reference","maxLength":512})", {{"\"http://10.0.0.5/\"", true}, {"\"../a\"", true}, {"\"a b\"", false}});
}

TEST("a format is written once, whatever the number of its places") {
  const auto states = [](int places) {
    std::string properties;
    for (int i = 0; i < places; ++i) properties += (i ? ",\"p" : "\"p") + std::to_string(i) + R"(":{"type":"string","format":"uri-reference"})";
    const auto grammar = compiled_schema("{\"properties\":{" + properties + "}}");
    CHECK(grammar.ok());
    return (*grammar)->grammar().states.size();
  };
  CHECK((states(800) - states(1)) / 799 < states(1) / 10);
  // Each with bounds and patterns of its own.
  schema(R"({"type":"array","prefixItems":[{"type":"string","pattern":"^a","maxLength":2},{"type":"string","pattern":"^a","maxLength":3},)"
         R"({"type":"string","pattern":"^b","maxLength":2},{"type":"string","pattern":"^a","maxLength":2}],"minItems":4,"maxItems":4})",
         {{R"(["ab","abc","bb","ac"])", true}, {R"(["abc","abc","bb","ac"])", false}, {R"(["ab","abc","ab","ac"])", false},
          {R"(["ab","abc","bb","b"])", false}, {R"(["ab","abc","bb","abc"])", false}});
}

TEST("a pattern beside a format is held to, and left to it only where zod says the format twice") {
  // As zod writes them.
  schema(R"x({"type":"string","format":"hostname","pattern":"^(?=.{1,253}\\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\\.?$"})x",
         {{"\"example.org\"", true}, {"\"-a\"", false}});
  schema(R"x({"type":"string","format":"duration","pattern":"^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?)$"})x",
         {{"\"P1DT2H\"", true}, {"\"P\"", false}});
  schema(R"x({"type":"string","format":"emoji","pattern":"^(?=[\\s\\S]*[\\p{Extended_Pictographic}\\p{Regional_Indicator}\\u20E3])[\\p{Extended_Pictographic}\\p{Emoji_Component}]+$"})x",
         {{"\"\xF0\x9F\x98\x80\"", true}, {"\"\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7\"", true}, {"\"1\"", false}, {"\"a\"", false}});
  refused(R"({"type":"string","format":"credit-card","pattern":"(a)\\1"})", "/pattern");
  refused(R"x({"type":"string","format":"email","pattern":"(?<=^admin)@corp\\.com$"})x", "/pattern");
  refused(R"({"type":"string","format":"uuid","pattern":"(?i)^ABC"})", "/pattern");
  schema(R"({"type":"string","format":"hostname","pattern":"\\.org$"})", {{"\"example.org\"", true}, {"\"example.com\"", false}});
  refused(R"({"type":"string","format":"date","pattern":"("})", "/pattern");
}

TEST("nullable, as OpenAPI has it, allows null beside the type") {
  schema(R"({"type":"string","nullable":true,"maxLength":1})", {{"\"a\"", true}, {"null", true}, {"1", false}});
  schema(R"({"nullable":true,"type":"integer"})", {{"1", true}, {"null", true}});
  schema(R"({"type":"string","nullable":false})", {{"\"a\"", true}, {"null", false}});
  schema(R"({"type":"string","nullable":true,"enum":["a"]})", {{"\"a\"", true}, {"null", false}});
  schema(R"({"type":"string","nullable":true,"enum":["a",null]})", {{"\"a\"", true}, {"null", true}});
}

TEST("names of properties") {
  const char* const each = R"({"type":"object","propertyNames":{"type":"string","enum":["a","b"]},"additionalProperties":{"type":"integer"},"required":["a","b"]})";
  schema(each, {{R"({"a":1,"b":2})", true}, {R"({"a":1})", false}, {R"({"a":1,"b":2,"c":3})", false}, {R"({"a":"x","b":2})", false}});
  schema(R"({"type":"object","propertyNames":{"enum":["a","b",1]},"additionalProperties":{"type":"integer"}})",
         {{"{}", true}, {R"({"b":2})", true}, {R"({"a":1,"b":2})", true}, {R"({"a":1,"a":1})", false}, {R"({"1":1})", false}});
  schema(R"({"type":"object","propertyNames":{"pattern":"^a"},"additionalProperties":{"type":"integer"}})",
         {{R"({"ab":1,"a":2})", true}, {R"({"b":1})", false}, {R"({"ab":"x"})", false}});
  schema(R"({"type":"object","propertyNames":{"maxLength":2,"minLength":1}})", {{R"({"ab":1})", true}, {R"({"abc":1})", false}, {R"({"":1})", false}});
  schema(R"({"type":"object","propertyNames":{"anyOf":[{"enum":["k"]},{"pattern":"^x"}]},"patternProperties":{"y$":{"type":"null"}}})",
         {{R"({"k":1,"xa":1,"xy":null})", true}, {R"({"xy":1})", false}, {R"({"ky":null})", false}});
  schema(R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"propertyNames":{"const":"b"}})",
         {{R"({"b":1})", true}, {R"({"a":1})", false}, {R"({"c":1})", false}});
  for (const char* const names : {"false", R"({"type":"integer"})"})
    schema((std::string(R"({"type":"object","propertyNames":)") + names + "}").c_str(), {{"{}", true}, {R"({"a":1})", false}});
  schema(R"({"allOf":[{"type":"object","propertyNames":{"pattern":"^a"}},{"propertyNames":{"pattern":"b$"}}]})",
         {{R"({"ab":1})", true}, {R"({"a":1})", false}, {R"({"b":1})", false}});
  schema(R"({"enum":[{"a":1},{"b":1}],"propertyNames":{"const":"b"}})", {{R"({"b":1})", true}, {R"({"a":1})", false}});
  schema(R"({"enum":[{"a":1},{"b":1},"a"],"propertyNames":{"$ref":"#"}})", {{R"({"a":1})", true}, {R"({"b":1})", false}, {"\"a\"", true}});
  refused(R"({"type":"object","propertyNames":{"pattern":"^a"},"required":["b"]})", "");
}

TEST("numbers within bounds") {
  schema(R"({"type":"integer","minimum":-3,"maximum":120})",
         {{"-3", true}, {"-4", false}, {"0", true}, {"-0", false}, {"99", true}, {"120", true}, {"121", false}, {"1200", false}, {"1.0", false}});
  schema(R"({"type":"integer","minimum":-9007199254740991,"maximum":9007199254740991})",
         {{"9007199254740991", true}, {"9007199254740992", false}, {"-9007199254740991", true}, {"-9007199254740992", false}});
  schema(R"({"type":"integer","exclusiveMinimum":0,"multipleOf":5})", {{"0", false}, {"5", true}, {"12", false}, {"125", true}});
  schema(R"({"type":"number","minimum":0.5,"exclusiveMaximum":2})",
         {{"0.5", true}, {"0.50", true}, {"0.49", false}, {"1", true}, {"1.999", true}, {"2", false}, {"2.0", false}, {"10", false}, {"0.6", true}});
  schema(R"({"type":"number","exclusiveMaximum":-1.25})", {{"-1.25", false}, {"-1.26", true}, {"-2", true}, {"-1", false}, {"1", false}, {"-10.5", true}});
  schema(R"({"type":"number","minimum":1e-7,"maximum":1e3})", {{"0.0000001", true}, {"0.00000009", false}, {"1000", true}, {"1000.1", false}});
}

TEST("anyOf, allOf, oneOf and references") {
  schema(R"({"anyOf":[{"type":"integer"},{"type":"string","maxLength":1}]})", {{"1", true}, {"\"a\"", true}, {"\"ab\"", false}});
  schema(R"({"allOf":[{"type":"number","minimum":2},{"type":"integer","maximum":4}]})", {{"2", true}, {"5", false}, {"2.5", false}});
  schema(R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],
             "anyOf":[{"properties":{"b":{"type":"null"}},"required":["b"]},{"properties":{"c":{"type":"null"}},"required":["c"]}]})",
         {{R"({"a":1,"b":null})", true}, {R"({"a":1,"c":null})", true}, {R"({"a":1})", false}});
  schema(R"({"oneOf":[{"type":"object","properties":{"k":{"const":"x"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"y"}},"required":["k"]}]})",
         {{R"({"k":"x"})", true}, {R"({"k":"y","z":1})", true}, {R"({"k":"z"})", false}});
  schema(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/node"}]}},
             "required":["next"],"additionalProperties":false}}})",
         {{R"({"next":null})", true}, {R"({"next":{"next":{"next":null}}})", true}, {R"({"next":{}})", false}});
}

TEST("the largest multiple has room with any bounds") {
  schema(R"({"type":"integer","multipleOf":2500})", {{"2500", true}, {"-7500", true}, {"2501", false}});
  schema(R"({"type":"integer","multipleOf":2499,"minimum":-555555555555555,"maximum":555555555555555})", {{"2499", true}, {"-4998", true}, {"2500", false}});
}

TEST("a bound where doubles no longer tell integers apart is kept") {
  schema(R"({"type":"integer","exclusiveMaximum":9007199254740992})", {{"9007199254740992", false}, {"9007199254740993", false}, {"12", true}});
  schema(R"({"type":"integer","exclusiveMinimum":-9007199254740992})", {{"-9007199254740992", false}, {"-9007199254740993", false}, {"-12", true}});
  schema(R"({"type":"integer","exclusiveMinimum":9007199254740991})", {{"9007199254740992", true}, {"9007199254740991", false}});
  refused(R"({"type":"integer","exclusiveMinimum":9007199254740992})", "");
}

TEST("a bound is exclusive by a number of its own, or, in draft 4 and OpenAPI 3.0, by a boolean beside it") {
  schema(R"({"type":"integer","exclusiveMinimum":3,"maximum":5})", {{"3", false}, {"4", true}, {"5", true}});
  schema(R"({"type":"integer","minimum":3,"exclusiveMinimum":true,"maximum":5,"exclusiveMaximum":true})",
         {{"3", false}, {"4", true}, {"5", false}});
  schema(R"({"type":"integer","minimum":3,"exclusiveMinimum":false,"maximum":5})", {{"2", false}, {"3", true}});
}

TEST("a keyword that JSON Schema does not know is an annotation") {
  schema(R"({"type":"boolean","comment":"x","version":[1],"faker":{"not":{}},"x-order":1,"id":7})", {{"true", true}, {"1", false}});
  schema(R"({"properties":{"id":{"type":"null","name":"n"}},"additionalProperties":false,"$dynamicAnchor":"node"})",
         {{R"({"id":null})", true}, {R"({"id":1})", false}});
}

TEST("what is not supported is refused by its place") {
  refused(R"({"properties":{"a":{"$id":"https://example.org/a","type":"null"}}})", "/properties/a/$id");
  refused(R"({"dependencies":{"a":["b"]}})", "/dependencies");
  refused(R"({"type":"array","contains":{}})", "/contains");
  refused(R"({"type":"array","uniqueItems":true})", "/uniqueItems");
  refused(R"({"properties":{"a/b":{"not":{}}}})", "/properties/a~1b/not");
  refused(R"({"type":"string","format":1})", "/format");
  refused(R"({"type":"string","nullable":"yes"})", "/nullable");
  refused(R"({"type":"object","propertyNames":{"pattern":"\\bx"}})", "/propertyNames/pattern");
  refused(R"({"type":"object","propertyNames":["a"]})", "/propertyNames");
  refused(R"({"type":"string","pattern":"(a)\\1"})", "/pattern");
  refused(R"({"type":"string","pattern":"\\bx"})", "/pattern");
  for (const char* const group : {"(?i)a", "(?i:a)", "(?P<n>a)", "(?>a)", "(?", "(?\xC3\xA9)", "x(?#a)"})
    refused((std::string(R"({"type":"string","pattern":")") + group + "\"}").c_str(), "/pattern");
  refused(R"({"type":"number","multipleOf":0.1})", "/multipleOf");
  refused(R"({"type":"integer","multipleOf":2501})", "/multipleOf");
  refused(R"({"type":"number","minimum":1e300})", "");
  refused(R"({"type":"number","minimum":1e-20,"maximum":1e-18})", "");
  refused(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})", "/oneOf");
  refused(R"({"$ref":"https://example.org/x.json"})", "/$ref");
  refused(R"({"$ref":"#/$defs/none"})", "/$ref");
  refused(R"({"if":{},"then":{}})", "/if");
  refused(R"({"type":"object","minProperties":3})", "/minProperties");
  refused(R"({"type":"thing"})", "/type");
  refused(R"({"minLength":-1})", "/minLength");
}

TEST("what no value satisfies is refused") {
  refused("false", "");
  refused(R"({"type":"integer","minimum":3,"maximum":2})", "");
  refused(R"({"type":"object","required":["a"],"properties":{"a":false}})", "");
  refused(R"({"enum":[]})", "");
  refused(R"({"type":"string","pattern":"^a$","minLength":2})", "");
  refused(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", "");
  refused(R"({"allOf":[{"$ref":"#"}]})", "");
}

TEST("schemas made to be too much are refused in bounded time") {
  std::string nested = "{\"a\":", deep;
  for (int i = 0; i < 100; ++i) deep += "{\"allOf\":[";
  CHECK(!compiled_schema(deep).ok());
  std::string doubling = "{\"$defs\":{\"d0\":{\"type\":\"integer\"}";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "{\"$ref\":\"#/$defs/d" + std::to_string(i - 1) + "\"}";
    doubling += ",\"d" + std::to_string(i) + "\":{\"allOf\":[" + before + "," + before + "]}";
  }
  CHECK(!compiled_schema(doubling + "},\"$ref\":\"#/$defs/d39\"}").ok());
  std::string choices = "{\"allOf\":[";
  for (int i = 0; i < 20; ++i) choices += std::string(i ? "," : "") + R"({"anyOf":[{"minimum":1},{"maximum":5}]})";
  CHECK(!compiled_schema(choices + "]}").ok());
  CHECK(!compiled_schema(R"({"type":"array","minItems":4000000000})").ok());
  CHECK(compiled_schema(R"({"type":"array","maxItems":4000000000})").ok());
  CHECK(compiled_schema(R"({"type":"string","maxLength":4000000000})").ok());
  CHECK(!compiled_schema(R"({"type":"string","pattern":"((a{1000}){1000}){1000}"})").ok());
  CHECK(!compiled_schema(R"({"type":"string","pattern":"^(a|b)*a(a|b){20}$","minLength":1})").ok());
}

TEST("patterns whose states lead to all the others without a character are bounded in time, however many there are") {
  const auto pattern = [](int count) {
    return R"({"type":"string","pattern":"^(a?){)" + std::to_string(count) + R"(}$","maxLength":5})";
  };
  CHECK(compiled_schema(pattern(1000)).ok());
  CHECK(!compiled_schema(pattern(6000)).ok());
  std::string properties;
  for (int i = 0; i < 100; ++i) properties += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + pattern(1000 + i);
  CHECK(!compiled_schema(R"({"properties":{)" + properties + "}}").ok());
}

TEST("patterns of whole alphabets cost what they visit, in many tools and many fields") {
  const auto bounded = [](const std::string& pattern) {
    return R"({"type":"string","pattern":")" + pattern + R"(","maxLength":64})";
  };
  const auto tools = [&](int count, const std::string& pattern) {
    std::string parts;
    for (int i = 0; i < count; ++i) parts += (i ? "," : "") + (R"({"type":"json-schema","schema":)" + bounded(pattern) + "}");
    return R"({"type":"any-of","parts":[)" + parts + "]}";
  };
  CHECK(grammar::grammar_of(tools(16, R"(^[\\p{L}\\p{N}_-]{1,4}$)")).ok());
  CHECK(grammar::grammar_of(tools(32, R"(^\\p{Lu}\\p{L}{0,3}$)")).ok());
  CHECK(grammar::grammar_of(tools(32, R"(^\\p{L}{1,3}$)")).ok());
  std::string fields;
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    fields.append(i ? ",\"" : "\"").append(name).append("\":").append(bounded(R"(^\\p{L}{1,2})" + name + "$"));
  }
  CHECK(compiled_schema(R"({"type":"object","properties":{)" + fields + "}}").ok());
  const std::string both = R"({"type":"string","pattern":"^\\p{L}{1,9}$","allOf":[{"pattern":"\\p{Lu}"},{"pattern":"\\p{Ll}$"}]})";
  check_all(compiled_schema(both), {{R"("Éa")", true}, {R"("éa")", false}, {R"("ÉA")", false}, {R"("É1a")", false}}, both);
  CHECK(!compiled_schema(bounded(R"(^(\\p{L}?){300}$)")).ok());
}
