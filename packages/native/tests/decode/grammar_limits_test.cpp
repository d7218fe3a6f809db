// Schemas and patterns made to be too much, and ordinary ones beside them: what each may take is bounded, by what is refused
// and by counts, not by a clock.
#include <atomic>
#include <chrono>
#include <thread>

#include "decode/grammar/guide.h"
#include "decode/grammar/regex_syntax.h"
#include "grammar_support.h"

using namespace grammar_test;

namespace {

std::string regex(const std::string& pattern) { return R"({"type":"regex","pattern":")" + pattern + "\"}"; }

// All words of three letters, so that a mask goes through as many prefixes as one over a real vocabulary.
std::vector<std::string> short_words() {
  std::vector<std::string> words;
  for (char a = 'a'; a <= 'z'; ++a)
    for (char b = 'a'; b <= 'z'; ++b)
      for (char c = 'a'; c <= 'z'; ++c) words.push_back({a, b, c});
  return words;
}

template <class Write>
std::string list(int count, Write write) {
  std::string text;
  for (int i = 0; i < count; ++i) text.append(i ? "," : "").append(write(i));
  return "[" + text + "]";
}
std::string schema_of(const std::string& schema) { return R"({"type":"json-schema","schema":)" + schema + "}"; }
std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

TEST("a mask whose rows have thousands of items is refused, and leaves nothing behind") {
  std::string pattern = "(?:[a-z ]?){1000}";
  for (const char* const letters : {"[aeiouy ]", "[a-m]", "[acegikmoqsuwy]", "[abefijmnqruvyz]", "[abcdijklqrst]"})
    pattern += std::string("|[a-z ]*") + letters + "[a-z ]{30}";
  const ByteTokenizer tokenizer(short_words());
  const auto made = compiled(regex(pattern), tokenizer);
  REQUIRE(made.ok());
  grammar::Matcher matcher(*made);
  const auto mask = matcher.mask();
  REQUIRE(!mask.ok());
  CHECK_EQ(mask.error().code, ErrorCode::unsupported);
  CHECK(matcher.failed());
  CHECK(!matcher.accept('a') && !matcher.may_end() && !matcher.completion());
  CHECK(!matcher.mask().ok());
  grammar::Guide guide(*made, std::vector<TokenId>{});
  CHECK(!guide.candidates(100).ok());
  // Its rows are new ones, for what needs few of them.
  CHECK((*made)->matches("abc").value());
}

TEST("ordinary texts of many words are followed") {
  const ByteTokenizer tokenizer(short_words());
  const auto made = compiled(regex("(?:[A-Za-z]{1,20}[ ,.]?){1,200}"), tokenizer);
  REQUIRE(made.ok());
  grammar::Matcher matcher(*made);
  for (int i = 0; i < 60; ++i) {
    REQUIRE(matcher.mask().ok());
    REQUIRE(matcher.accept(i % 4 == 3 ? ' ' : 'a'));
  }
}

TEST("what one matcher could not do does not end another that shares its rows") {
  const ByteTokenizer tokenizer(short_words());
  std::string ambiguous = "(?:[a-z ]?){1000}";
  for (const char* const letters : {"[aeiouy ]", "[a-m]", "[acegikmoqsuwy]", "[abefijmnqruvyz]", "[abcdijklqrst]"})
    ambiguous += std::string("|[a-z ]*") + letters + "[a-z ]{30}";
  const auto made = compiled(regex("1\\\\d*|2(?:" + ambiguous + ")"), tokenizer);
  REQUIRE(made.ok());
  grammar::Matcher plain(*made), hostile(*made);
  REQUIRE(plain.mask().ok());
  REQUIRE(plain.accept('1'));
  REQUIRE(hostile.accept('2'));
  CHECK(!hostile.mask().ok());
  CHECK(plain.mask().ok());
  CHECK(plain.accept('7') && plain.may_end());
}

TEST("holding names and values against patterns is counted too") {
  const auto values = [](int count, int length) {
    return R"({"type":"string","pattern":"^(?:a?){19000}$","enum":)" +
           list(count, [&](int i) { return quoted(std::string(std::size_t(length), 'a') + std::to_string(i)); }) + "}";
  };
  const auto made = compiled_schema(values(4, 18000));
  REQUIRE(!made.ok());
  CHECK_EQ(made.error().code, ErrorCode::unsupported);
  CHECK_EQ(made.error().field, std::string("/schema/pattern"));
  CHECK(compiled_schema(R"({"type":"string","pattern":"^a+\\d+$","enum":)" +
                        list(20'000, [](int i) { return quoted("a" + std::to_string(i)); }) + "}").ok());
  const std::string names = R"({"patternProperties":{"^(?:a?){19000}$":{"type":"null"}},"properties":{)";
  const std::string long_name(18000, 'a');
  CHECK(!compiled_schema(names + quoted(long_name + "b") + ":{}," + quoted(long_name + "c") + ":{}," + quoted(long_name + "d") + ":{}}}").ok());
}

TEST("a long name is held once, however much stands below it") {
  const std::string values = R"({"enum":)" + list(30'000, [](int i) { return std::to_string(i % 10); }) + "}";
  CHECK(compiled_schema(R"({"type":"object","properties":{")" + std::string(300'000, 'k') + R"(":)" + values + R"(},"additionalProperties":false})").ok());
  const std::string patterns = list(3000, [](int i) { return R"({"type":"string","pattern":")" + std::to_string(i) + "\"}"; });
  CHECK(!compiled_schema(R"({"properties":{")" + std::string(1'000'000, 'k') + R"(":{"type":"array","prefixItems":)" + patterns + "}}}").ok());
}

TEST("names and values are compared by what they are, not each with each") {
  const auto values = [](const char* prefix) {
    return R"({"type":"string","enum":)" + list(40'000, [&](int i) { return quoted(prefix + std::to_string(i)); }) + "}";
  };
  CHECK(compiled_schema(R"({"oneOf":[)" + values("aaaaaaaaaaaaaaaaaaa") + "," + values("aaaaaaaaaaaaaaaaaab") + "]}").ok());
  CHECK(compiled_schema(R"({"allOf":[)" + values("a") + "," + values("a") + "]}").ok());
  CHECK(!compiled_schema(R"({"allOf":[)" + values("a") + "," + values("b") + "]}").ok());
  const std::string names = list(80'000, [](int i) { return quoted("p" + std::to_string(i)); });
  CHECK(!compiled_schema(R"({"type":"object","required":)" + names + "}").ok());
  std::string properties;
  for (int i = 0; i < 30'000; ++i) properties += (i ? ",\"p" : "\"p") + std::to_string(i) + "\":{}";
  CHECK(!compiled_schema(R"({"type":"object","properties":{)" + properties + R"(},"required":)" + names + "}").ok());
  check_all(compiled_schema(R"({"allOf":[{"enum":[{"a":1,"b":-0},{"a":2},"x"]},{"enum":["y",{"b":0,"a":1.0}]}]})"),
            {{R"({"a":1,"b":0})", true}, {R"({"a":2})", false}, {R"("x")", false}, {R"("y")", false}}, "the same object");
}

TEST("schemas that refer to one another in a long row are refused") {
  // From each to the next: at once, by a choice, by a property that tells the branches of another choice apart.
  for (const char* const link : {R"({"$ref":"#/$defs/d?"})", R"({"anyOf":[{"$ref":"#/$defs/d?"}]})",
                                 R"({"oneOf":[{"$ref":"#/$defs/d?"},{"type":"null"}]})",
                                 R"({"oneOf":[{"type":"object","required":["k"],"properties":{"k":{"$ref":"#/$defs/d?"}}},)"
                                 R"({"type":"object","required":["k"],"properties":{"k":{"type":"null"}}}]})"}) {
    std::string definitions;
    for (int i = 0; i < 30'000; ++i) {
      std::string one = link;
      one.replace(one.find('?'), 1, std::to_string(i + 1));
      definitions += "\"d" + std::to_string(i) + "\":" + one + ",";
    }
    const auto made = compiled_schema(R"({"$defs":{)" + definitions + R"("d30000":{"type":"string"}},"$ref":"#/$defs/d0"})");
    REQUIRE(!made.ok());
    CHECK_EQ(made.error().code, ErrorCode::unsupported);
  }
  // A long schema that a short one reads again and again.
  const std::string same = list(20'000, [](int) { return R"({"$ref":"#/$defs/d"})"; });
  std::string words;
  for (int i = 0; i < 20'000; ++i) words += (i ? ",\"x" : "\"x") + std::to_string(i) + "\":1";
  CHECK(!compiled_schema(R"({"$defs":{"d":{)" + words + R"(}},"allOf":)" + same + "}").ok());
}

TEST("any characters, thousands of times, are few states in a JSON string as well") {
  const auto states = [](const std::string& pattern) {
    const auto made = grammar::grammar_of(R"({"type":"json-schema","schema":{"type":"string","pattern":")" + pattern + "\"}}");
    return made.ok() ? made->states.size() : std::size_t(-1);
  };
  CHECK(states("^.{1,2000}$") < 60'000);
  CHECK(states(R"(^(?=.*\\d)(?=.*[a-z])(?=.*[A-Z]).{8,64}$)") < 60'000);
  const char* const schema = R"({"type":"string","pattern":"^[^\\n\\u0012]{2}$"})";
  check_all(compiled_schema(schema), {{R"("\u0001\r")", true}, {R"("\u001f\"")", true}, {R"("\\\u0010")", true}, {R"("\t\u0011")", true},
                                      {R"("\n\r")", false}, {R"("\u0012a")", false}, {R"("\u000aa")", false}, {R"("\u0009a")", false},
                                      {R"("\u001Fa")", false}, {R"("\u0020a")", false}}, schema);
  const auto large = compiled_schema(R"({"type":"object","properties":{"a":{"type":"string","pattern":"^[\\p{L}\\p{N} .,]{1,500}$"}}})");
  REQUIRE(!large.ok());
  CHECK_EQ(large.error().field, std::string("/schema/properties/a/pattern"));
  CHECK_EQ(large.error().found, std::string("^[\\p{L}\\p{N} .,]{1,500}$"));
}

TEST("names, values and numbers are counted as patterns are, where they become automata") {
  const auto made = [](const std::string& description, std::size_t work) { return grammar::grammar_of(description, {.automaton_work = work}); };
  const std::string names = R"("properties":{)" + quoted(std::string(3000, 'n')) + ":true}";
  // Keys that all have names are told apart by nothing.
  CHECK(made(schema_of(R"({"type":"object","additionalProperties":false,)" + names + "}"), 1000).ok());
  for (const std::string& description :
       {schema_of(R"({"type":"object",)" + names + "}"), schema_of(R"({"enum":[)" + quoted(std::string(3000, 'v')) + "]}"),
        schema_of(R"({"type":"integer","multipleOf":97})"), R"({"type":"choice","choices":[)" + quoted(std::string(3000, 'c')) + "]}"}) {
    CHECK(made(description, grammar::GrammarLimits().automaton_work).ok());
    const auto refused = made(description, 1000);
    REQUIRE(!refused.ok());
    CHECK_EQ(refused.error().code, ErrorCode::unsupported);
    CHECK(refused.error().field.starts_with('/'));
  }
}

TEST("numbers of the same bounds are made once, however often they are referred to") {
  const auto fit = [](int references, std::size_t work) {
    std::string properties;
    for (int i = 0; i < references; ++i) properties += (i ? ",\"p" : "\"p") + std::to_string(i) + R"(":{"$ref":"#/$defs/n"})";
    const std::string schema = R"({"$defs":{"n":{"type":"integer","minimum":1,"multipleOf":97}},"type":"object","additionalProperties":false,"properties":{)" +
                               properties + "}}";
    return grammar::grammar_of(schema_of(schema), {.automaton_work = work}).ok();
  };
  std::size_t work = 1;
  while (!fit(1, work)) work *= 2;
  CHECK(fit(50, work));
}

TEST("what grammars of one vocabulary keep has one bound, and texts under way go on") {
  const ByteTokenizer tokenizer;
  const auto index = grammar::TokenIndex::of(tokenizer, tokenizer.vocabulary_size());
  constexpr std::size_t most_bytes = 200'000;
  const auto kept = std::make_shared<grammar::KeptRows>(most_bytes), all = std::make_shared<grammar::KeptRows>();
  struct Pair { grammar::Matcher bounded, free; };
  std::vector<Pair> texts;
  for (int i = 0; i < 6; ++i) {
    const auto matcher = [&](const std::shared_ptr<grammar::KeptRows>& rows) {
      auto rules = grammar::grammar_of(regex("[a-z]*[" + std::string(1, char('a' + i)) + "s-z][a-z]{9}"));
      return grammar::Matcher(*grammar::CompiledGrammar::make(std::move(*rules), index, rows));
    };
    texts.push_back({matcher(kept), matcher(all)});
  }
  std::uint32_t seed = 1;
  for (int step = 0; step < 150; ++step) {
    for (Pair& text : texts) {
      const auto bounded = text.bounded.mask(), free = text.free.mask();
      REQUIRE(bounded.ok() && free.ok());
      CHECK(**bounded == **free);
      CHECK(kept->bytes() <= most_bytes);
      seed = seed * 1664525u + 1013904223u;
      const TokenId next = TokenId('a' + (seed >> 16) % 26);
      CHECK(text.bounded.accept(next) && text.free.accept(next));
    }
  }
  CHECK(all->bytes() > most_bytes);
  all->leave_all();
  CHECK_EQ(all->bytes(), std::size_t(0));
  texts.clear();
  CHECK_EQ(kept->bytes(), std::size_t(0));
}

TEST("what nobody waits for any more ends as cancelled, wherever it is") {
  // Properties "p0" and so on, with such schemas.
  const auto object_of = [](int count, const auto& schema) {
    std::string all;
    for (int i = 0; i < count; ++i) all += (i ? ",\"p" : "\"p") + std::to_string(i) + "\":" + schema(i);
    return schema_of(R"({"type":"object","properties":{)" + all + "}}");
  };
  // Takes all that it may, which is a second, and is refused then if nobody stops it.
  const std::string costly = object_of(10, [](int i) {
    return R"({"type":"string","pattern":"^(?=.*[a-f].{11}$)(?=.*)" + std::to_string(i) + ").*$\"}";
  });
  const std::string names = object_of(1000, [](int) { return "{}"; });
  const std::string rules = R"({"type":"context-free","grammar":"root ::= \"a\" | \"b\" root"})";
  const std::atomic<bool> cancelled = true;
  const std::string multiples = schema_of(R"({"type":"integer","minimum":1,"maximum":2,"multipleOf":1999})");
  for (const std::string& description : {costly, names, multiples, rules, regex("a*")}) {
    const auto made = grammar::grammar_of(description, {.cancelled = &cancelled});
    REQUIRE(!made.ok());
    CHECK_EQ(made.error().code, ErrorCode::cancelled);
  }
  CHECK_EQ(grammar::grammar_of(costly).error().code, ErrorCode::unsupported);
  std::atomic<bool> stop = false;
  std::thread leaving([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop = true;
  });
  const auto made = grammar::grammar_of(costly, {.cancelled = &stop});
  leaving.join();
  REQUIRE(!made.ok());
  CHECK_EQ(made.error().code, ErrorCode::cancelled);
}

TEST("a text that takes more than a mask may is no text to say yes or no to, and one that takes less is, afterwards too") {
  const auto made = compiled_schema(R"({"type":"array","items":{"type":"integer"},"maxItems":100000})");
  REQUIRE(made.ok());
  const auto numbers = [](int count) { return list(count, [](int i) { return std::to_string(i); }); };
  for (int round = 0; round < 2; ++round) {
    const auto refused = (*made)->matches(numbers(90'000));
    REQUIRE(!refused.ok());
    CHECK_EQ(refused.error().code, ErrorCode::unsupported);
    CHECK((*made)->matches(numbers(100)).value());
    CHECK(!(*made)->matches(numbers(100) + "]").value());
  }
}

TEST("reading a pattern is counted, and large sets are held once") {
  const auto times = [](const char* text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  grammar::AutomatonBudget budget{20'000, 1'000'000};
  for (const char* const set : {"\\p{L}", "\\P{Lu}", "\\p{ExtPict}", "\\W", "."}) {
    const auto tree = grammar::parse_regex_syntax(times(set, 1000), budget, "");
    REQUIRE(tree.ok());
    CHECK_EQ(tree->children.front().set, tree->children.back().set);
  }
  CHECK(budget.work >= 900'000);
  CHECK(!grammar::parse_regex_syntax("[" + times("\\p{L}", 1000) + "]", budget, "").ok());
  CHECK(!grammar::parse_regex_syntax(times("a", 1'000'000), budget, "").ok());
  // In whatever order they come.
  std::string falling;
  for (int i = 100'000; i > 0; --i) {
    const unsigned c = 0x10000 + 2 * unsigned(i);
    falling += {char(0xF0 | c >> 18), char(0x80 | (c >> 12 & 63)), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
  }
  CHECK(grammar::grammar_of(regex("[" + falling + "]")).ok());
  check_all(compiled(regex("[^c\\\\p{Lu}a-b]")), {{"d", true}, {"c", false}, {"b", false}, {"B", false}, {"1", true}}, "a class of several");
}
