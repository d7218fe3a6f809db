// The regex engine by itself: constructs, refusals by name, and patterns that make a naive matcher explode.
#include <ctime>

#include "check.h"
#include "tokenizer/regex.h"

using namespace trivium;

namespace {

std::string cut(const std::string& pattern, const std::string& text) {
  const auto regex = Regex::compile(pattern);
  if (!regex.ok()) return regex.error().message;
  std::string out;
  for (const Match& match : (*regex)->find_all(text)) {
    out.append("[").append(text, match.begin, match.end - match.begin).append("]");
  }
  return out;
}

}  // namespace

TEST("matches are those of Oniguruma") {
  CHECK_EQ(cut("a+", "aab a"), "[aa][a]");
  CHECK_EQ(cut("a+?", "aa"), "[a][a]");
  CHECK_EQ(cut("a*", "ba"), "[][a]");
  CHECK_EQ(cut("(?:ab){2,3}", "abababab"), "[ababab]");
  CHECK_EQ(cut("a{,2}b", "aaab"), "[aab]");
  CHECK_EQ(cut("a++ab", "aaab"), "");
  CHECK_EQ(cut("(?>a|ab)c", "abc"), "");
  CHECK_EQ(cut("\\p{Lu}\\p{Ll}*", "Élan Ωmega"), "[Élan][Ωmega]");
  CHECK_EQ(cut("[^\\s\\p{L}]+", "a1! ٣b"), "[1!][٣]");
  CHECK_EQ(cut("[a-z&&[^aeiou]]+", "hello"), "[h][ll]");
  CHECK_EQ(cut("\\s+(?!\\S)|\\s+", "a   b "), "[  ][ ][ ]");
  CHECK_EQ(cut("(?<=a)b|(?<!a)c", "abcac"), "[b][c]");
  CHECK_EQ(cut("(?i:'S|straße)", "'s 'S STRAßE"), "['s]['S][STRAßE]");
  CHECK_EQ(cut("^a|b$", "a\na b\nb"), "[a][a][b][b]");
  CHECK_EQ(cut("\\Aa|b\\z", "ab\nab"), "[a][b]");
  CHECK_EQ(cut(".", "a\nb"), "[a][b]");
  CHECK_EQ(cut("\\x{4E2D}|\\u6587|\\x41", "中文A"), "[中][文][A]");
  CHECK_EQ(cut("\\bw+\\b", "ww xw w"), "[ww][w]");
  CHECK_EQ(cut("[]a]+", "]a"), "[]a]");
  CHECK_EQ(cut("[\\]\\-x]+", "-]x"), "[-]x]");
}

TEST("six digits and fractions of Latin-1 are words, but not in brackets, as in Oniguruma") {
  const std::string text = "a²³¹¼½¾é";
  for (const std::string pattern : {"\\w+", "\\p{Word}+", "(?i:\\w+)"}) CHECK_EQ(cut(pattern, text), "[a²³¹¼½¾é]");
  for (const std::string pattern : {"[\\w]+", "[\\p{Word}]+", "[[:word:]]+", "[^\\W]+", "[\\w-]+", "(?i:[\\w]+)", "[\\w&&\\S]+"})
    CHECK_EQ(cut(pattern, text), "[a][é]");
  for (const std::string pattern : {"[\\W]+", "[^\\w]+", "[[:^word:]]+", "[\\P{Word}]+", "[^\\s\\w]+"})
    CHECK_EQ(cut(pattern, text), "[²³¹¼½¾]");
  CHECK_EQ(cut("[\\w²]+", text), "[a²][é]");
  CHECK_EQ(cut("\\W+", text), "");
  CHECK_EQ(cut("\\b²", "² a²"), "[²]");
}

TEST("what is not supported is refused by name") {
  for (const std::string pattern :
       {"(a)\\1", "\\X", "\\p{Latin}", "(?<=a+)b", "(?:a*)*", "[[:graph:]]", "(?<n>a)", "\\G"}) {
    const auto regex = Regex::compile(pattern);
    CHECK(!regex.ok() && regex.error().code == ErrorCode::unsupported);
  }
  for (const std::string pattern : {"(", "a)", "[a", "*a", "\\", "a{3,1}", "[b-a]", "\\p{L"}) {
    const auto regex = Regex::compile(pattern);
    CHECK(!regex.ok() && regex.error().code == ErrorCode::bad_format);
  }
  CHECK(!Regex::compile("(?:a{1000}){1000}").ok() || cut("(?:a{1000}){1000}", "a").empty());
  CHECK(!Regex::compile(std::string(100000, '(')).ok());
}

TEST("no pattern makes a search hang") {
  const std::string text(100000, 'a');
  const std::clock_t start = std::clock();  // of the processor: others may share the machine
  for (const std::string pattern :
       {"(?:a|a)+b", "(?:a+)+b", "a+b", "(?:a+a+)+b", "(?=(?:a|a)+b)a", "a+$b|a(?=a*c)"})
    cut(pattern, text);
  CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < 60.0);
}
