// Following texts: masks against the definition, completions, rolling back, special tokens, grammars other than schemas,
// and generations that a budget holds.
#include <random>

#include "../tokenizer/fixtures.h"
#include "decode/grammar/guide.h"
#include "grammar_support.h"
#include "system.h"

using namespace grammar_test;

namespace {

const std::vector<std::string> longer = {"ab", "abc", "{\"", "\":", "\"}", "\",\"", " the", " of", "12", "null", "\xE4\xB8\xAD", "\xE4\xB8",
                                         "true", "}}", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "\n  ", "\xF0\x9F"};

bool has(const grammar::SharedMask& mask, TokenId id) { return ((*mask)[std::size_t(id) / 64] >> id % 64 & 1) != 0; }

// Random ways through a grammar: at each place the mask is what can be accepted, and the completion ends the text.
void check_walks(const std::shared_ptr<grammar::CompiledGrammar>& made, const ByteTokenizer& tokenizer, const std::string& name) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    grammar::Matcher matcher(made);
    for (int step = 0; step < 90; ++step) {
      const auto mask = matcher.mask();
      REQUIRE(mask.ok());
      std::vector<TokenId> allowed;
      for (TokenId id = 0; id < TokenId(tokenizer.vocabulary_size()); ++id) {
        grammar::Matcher fork = matcher;
        const bool accepted = fork.accept(id);
        if (accepted != has(*mask, id)) check::fail(__FILE__, __LINE__, name + ": token " + tokenizer.token_text(id));
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

// What a model without any preference writes within `budget` tokens; nothing when no candidate for a token is taken.
std::optional<std::string> guided(const std::shared_ptr<grammar::CompiledGrammar>& made, const Tokenizer& tokenizer, TokenId end,
                                  int budget, std::mt19937& random) {
  grammar::Guide guide(made, std::vector<TokenId>{end});
  std::vector<TokenId> tokens;
  for (int left = budget; left > 0; --left) {
    bool taken = false;
    for (std::size_t tries = 0; !taken; ++tries) {
      const auto candidates = guide.candidates(left);
      if (!candidates.ok() || tries > tokenizer.vocabulary_size()) return std::nullopt;
      std::vector<TokenId> ids;
      for (TokenId id = 0; id < TokenId(tokenizer.vocabulary_size()); ++id)
        if ((*candidates)[std::size_t(id) / 64] >> id % 64 & 1) ids.push_back(id);
      if (ids.empty()) return std::nullopt;
      const TokenId id = ids[random() % ids.size()];
      taken = guide.take(id, left);
      if (taken && id == end) return tokenizer.decode(tokens, true);
      if (taken) tokens.push_back(id);
    }
    if (guide.finished()) return tokenizer.decode(tokens, true);
  }
  return tokenizer.decode(tokens, true);
}

}  // namespace

TEST("masks hold what can be accepted, and nothing else; forced completions end the text") {
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
      R"({"type":"choice","choices":[" the","  of"]})",
      R"({"type":"sequence","parts":[{"type":"text-until","marker":"<x>"},{"type":"special","token":"<call>"},{"type":"literal","text":"ab"}]})",
      R"({"type":"sequence","parts":[{"type":"special","token":"<call>"},{"type":"literal","text":" the"}]})"};
  for (const bool drops_first_space : {false, true}) {
    const ByteTokenizer tokenizer(longer, drops_first_space);
    for (const char* const description : grammars) {
      const auto made = compiled(description, tokenizer);
      if (made.ok()) check_walks(*made, tokenizer, description);
      else check::fail(__FILE__, __LINE__, std::string(description) + ": " + made.error().message);
    }
  }
}

TEST("a generation closes within every budget, also where the tokenizer drops the space that the text begins with") {
  const char* const grammars[] = {R"({"type":"choice","choices":[" the"," of"]})", R"({"type":"choice","choices":["  of"]})",
                                  R"({"type":"regex","pattern":" ?[a-c]{2,9}"})", R"({"type":"json-schema","schema":true})"};
  const std::shared_ptr<const Tokenizer> tokenizers[] = {std::make_shared<ByteTokenizer>(longer), std::make_shared<ByteTokenizer>(longer, true),
                                                         fixtures::load("spm")};
  std::mt19937 random(8);
  for (const auto& tokenizer : tokenizers) {
    REQUIRE(tokenizer != nullptr);
    const TokenId end = std::max(tokenizer->id_of("<end>"), tokenizer->id_of("<|eos|>"));
    for (const char* const description : grammars) {
      const auto made = compiled(description, *tokenizer);
      REQUIRE(made.ok());
      const int least = (*made)->shortest_tokens();
      for (int budget = least; budget < least + 12; ++budget) {
        for (int round = 0; round < 20; ++round) {
          const auto text = guided(*made, *tokenizer, end, budget, random);
          if (!text || !(*made)->matches(*text).value())
            check::fail(__FILE__, __LINE__, std::string(description) + " in " + std::to_string(budget) + ": " + text.value_or("no text"));
        }
      }
    }
  }
  // The space that is dropped, and the word.
  CHECK_EQ((*compiled(grammars[0], ByteTokenizer(longer, true)))->shortest_tokens(), 2);
  CHECK_EQ((*compiled(grammars[0], ByteTokenizer(longer)))->shortest_tokens(), 1);
  CHECK_EQ((*compiled(R"({"type":"literal","text":"the"})", ByteTokenizer(longer, true)))->shortest_tokens(), 1);
}

TEST("the last token can be taken back, and forks are independent") {
  const auto made = compiled(R"({"type":"regex","pattern":"a*b"})");
  REQUIRE(made.ok());
  grammar::Matcher matcher(*made);
  CHECK(matcher.accept('a'));
  CHECK(matcher.accept('b'));
  CHECK(matcher.must_end());
  matcher.take_back();
  CHECK(!matcher.may_end());
  grammar::Matcher fork = matcher;
  CHECK(fork.accept('b'));
  CHECK(matcher.accept('a'));
  CHECK(!matcher.accept('x'));
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

TEST("a stop token is text where the completion that is left needs it, and an end where the text may end") {
  const auto made = compiled(R"({"type":"regex","pattern":"[0-9]{4,8}"})");
  REQUIRE(made.ok());
  const std::vector<TokenId> stops{'0'};  // what the shortest completion is made of
  for (const int budget : {4, 6, 20}) {
    grammar::Guide guide(*made, stops);
    std::string text;
    for (int left = budget; left > 0 && !guide.ended() && !guide.finished(); --left) {
      const auto candidates = guide.candidates(left);
      REQUIRE(candidates.ok());
      TokenId chosen = '0';  // the likest, if it may be
      while (chosen <= '9' && ((*candidates)[std::size_t(chosen) / 64] >> chosen % 64 & 1) == 0) ++chosen;
      REQUIRE(chosen <= '9' && guide.take(chosen, left));
      if (!guide.ended()) text += char(chosen);
    }
    CHECK(text.size() >= 4 && text.size() <= 8);
    CHECK_EQ(guide.ended(), budget > 4);
  }
  const auto only = compiled(R"({"type":"regex","pattern":"0{3}"})");
  REQUIRE(only.ok());
  grammar::Guide guide(*only, stops);
  for (int i = 0; i < 3; ++i) CHECK(guide.candidates(100).ok() && guide.take('0', 100) && !guide.ended());
  CHECK(guide.finished());
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

TEST("rules as deep as a grammar may nest them are completed on a small stack") {
  std::string rules = "root ::= r0\\n";
  constexpr int depth = 39'000;
  for (int i = 0; i < depth; ++i) {
    const std::string name = "r" + std::to_string(i);
    rules += name + (i + 1 < depth ? " ::= \\\"a\\\" r" + std::to_string(i + 1) + " \\\"b\\\"\\n" : " ::= \\\"c\\\"\\n");
  }
  const auto made = compiled("{\"type\":\"context-free\",\"grammar\":\"" + rules + "\"}");
  REQUIRE(made.ok());
  system_under_test::on_small_stack([&] {
    grammar::Matcher matcher(*made);
    const auto completion = matcher.completion();
    CHECK(completion && completion->size() == 2 * depth - 1);
  });
}
