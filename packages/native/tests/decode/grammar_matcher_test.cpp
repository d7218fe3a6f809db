// Following texts: masks against the definition, completions, rolling back, special tokens, grammars other than schemas.
#include <random>

#include "grammar_support.h"

using namespace grammar_test;

namespace {

const std::vector<std::string> longer = {"ab", "abc", "{\"", "\":", "\"}", "\",\"", " the", " of", "12", "null", "\xE4\xB8\xAD", "\xE4\xB8",
                                         "true", "}}", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "\n  ", "\xF0\x9F"};

bool has(const grammar::SharedMask& mask, TokenId id) { return ((*mask)[std::size_t(id) / 64] >> id % 64 & 1) != 0; }

}  // namespace

TEST("masks hold what can be accepted, and nothing else; forced completions end the text") {
  const ByteTokenizer tokenizer(longer);
  const char* const grammars[] = {
      R"({"type":"json-schema","schema":true})",
      R"({"type":"json-schema","schema":{"type":"object","properties":{"abc":{"type":"string","maxLength":30},"n":{"type":"integer","minimum":5}},"required":["n"]}})",
      R"({"type":"json-schema","schema":{"type":"array","items":{"type":"string","minLength":3,"maxLength":9},"minItems":2}})",
      R"({"type":"json-schema","schema":{"type":"string","minLength":35,"maxLength":70}})",
      R"({"type":"json-schema","schema":{"type":"array","items":{"type":"string","maxLength":2},"minItems":3,"maxItems":30}})",
      R"({"type":"regex","pattern":"(ab|a)*c{3,20}[^x]?"})",
      R"({"type":"context-free","grammar":"root ::= root \"+\" term | term\nterm ::= \"(\" root \")\" | [0-9a-c]+ # left recursion"})",
      R"({"type":"context-free","grammar":"root ::= \"a\" root \"b\" | empty\nempty ::= \"\" | \"c\"*"})",
      R"({"type":"choice","choices":["abc","abd","null"]})",
      R"({"type":"sequence","parts":[{"type":"text-until","marker":"<x>"},{"type":"special","token":"<call>"},{"type":"literal","text":"ab"}]})"};
  std::mt19937 random(7);
  for (const char* const description : grammars) {
    const auto made = compiled(description, tokenizer);
    if (!made.ok()) {
      check::fail(__FILE__, __LINE__, std::string(description) + ": " + made.error().message);
      continue;
    }
    for (int round = 0; round < 20; ++round) {
      grammar::Matcher matcher(*made);
      for (int step = 0; step < 90; ++step) {
        const auto mask = matcher.mask();
        REQUIRE(mask.ok());
        std::vector<TokenId> allowed;
        for (TokenId id = 0; id < TokenId(tokenizer.vocabulary_size()); ++id) {
          grammar::Matcher fork = matcher;
          const bool accepted = fork.accept(id);
          if (accepted != has(*mask, id)) check::fail(__FILE__, __LINE__, std::string(description) + ": token " + tokenizer.token_text(id));
          if (accepted) allowed.push_back(id);
        }
        CHECK_EQ(allowed.empty(), matcher.must_end());
        if (allowed.empty()) break;
        const auto completion = matcher.completion();
        REQUIRE(completion.has_value());
        CHECK(completion->size() <= matcher.completion_bytes());
        grammar::Matcher rest = matcher;
        for (const TokenId id : *completion) CHECK(rest.accept(id));
        CHECK(rest.may_end());
        CHECK(matcher.accept(allowed[random() % allowed.size()]));
      }
    }
  }
}

TEST("tokens can be taken back, and forks are independent") {
  const auto made = compiled(R"({"type":"regex","pattern":"a*b"})");
  REQUIRE(made.ok());
  grammar::Matcher matcher(*made);
  CHECK(matcher.accept('a'));
  CHECK(matcher.accept('b'));
  CHECK(matcher.must_end());
  matcher.roll_back(1);
  CHECK(!matcher.may_end());
  grammar::Matcher fork = matcher;
  CHECK(fork.accept('b'));
  CHECK(matcher.accept('a'));
  CHECK(!matcher.accept('x'));
  matcher.roll_back(2);
  CHECK(matcher.accept('b'));
}

TEST("special tokens are never text, and text is never a special token") {
  const ByteTokenizer tokenizer;
  const auto text = compiled(R"({"type":"regex","pattern":".*"})", tokenizer);
  REQUIRE(text.ok());
  grammar::Matcher matcher(*text);
  CHECK(!matcher.accept(tokenizer.id_of("<call>")));
  CHECK(matcher.may_end());
  const auto missing = compiled(R"({"type":"special","token":"<none>"})", tokenizer);
  REQUIRE(!missing.ok());
  CHECK_EQ(missing.error().found, std::string("<none>"));
}

TEST("context-free grammars") {
  check_all(compiled(R"({"type":"context-free","grammar":"root ::= expr\nexpr ::= expr \"+\" num |\n  expr \"*\" num | num\nnum ::= [0-9]{1,3} | \"x\""})"),
            {{"1+2*x", true}, {"1234", false}, {"+1", false}, {"x", true}, {"", false}}, "left recursion");
  check_all(compiled(R"({"type":"context-free","grammar":"root ::= (\"a\" | \"b\")+ tail?\ntail ::= \"\\u00e9\" .\n"})"),
            {{"ab\xC3\xA9\xC3\xA9", true}, {"a", true}, {"\xC3\xA9", false}}, "groups");
  check_all(compiled(R"({"type":"context-free","grammar":"root ::= a a b\na ::= \"\" | \"x\"\nb ::= a | b \"y\""})"),
            {{"", true}, {"xxx", true}, {"xxxx", false}, {"xyy", true}, {"y", true}}, "empty rules");
  for (const char* const broken : {"root ::= a", "root = [x]", "a ::= [x]", "root ::= ([x]", "root ::= \\\"a", "root ::= [x]{2,1}", "root ::= [x", "root ::= *", ""})
    CHECK(!compiled(std::string("{\"type\":\"context-free\",\"grammar\":\"") + broken + "\"}").ok());
}

TEST("regular expressions as a whole text") {
  check_all(compiled(R"x({"type":"regex","pattern":"[^\\d\\s]\\w+\\.(png|jpe?g)"})x"), {{"ab.png", true}, {"abc.jpeg", true}, {"1a.png", false}, {"a.png", false}}, "file");
  check_all(compiled(R"({"type":"regex","pattern":"^\\p{Lu}.{2}$"})"), {{"\xC3\x89\xC3\xA9\xE4\xB8\xAD", true}, {"eab", false}, {"Eab", true}, {"Ea\n", false}}, "unicode");
}
