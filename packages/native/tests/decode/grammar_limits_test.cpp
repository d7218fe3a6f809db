// Schemas and patterns made to be too much, and ordinary ones beside them: what each may take is bounded, by what is refused
// and by counts, not by a clock.
#include "decode/grammar/guide.h"
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
  CHECK((*made)->matches("abc"));
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
