#include "base/utf8.h"

#include "check.h"

using namespace trivium;

TEST("well-formed text survives, and every code point goes both ways") {
  std::string all;
  int wrong = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string one;
    append_utf8(one, c);
    const Utf8Step step = decode_utf8(one, 0);
    wrong += !step.valid || step.code_point != c || step.bytes != one.size();
    if (c % 977 == 0) all += one;
  }
  CHECK_EQ(wrong, 0);
  CHECK(is_utf8(all));
  CHECK_EQ(repair_utf8(all), all);
}

TEST("ill-formed text becomes one U+FFFD per maximal subpart") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK_EQ(repair_utf8("\x80\xBF"), r + r);
  CHECK_EQ(repair_utf8("a\xF0\x9F\x98z"), "a" + r + "z");
  CHECK_EQ(repair_utf8("\xC0\xAF"), r + r);
  CHECK_EQ(repair_utf8("\xE0\x80\x80"), r + r + r);
  CHECK_EQ(repair_utf8("\xED\xA0\x80"), r + r + r);
  CHECK_EQ(repair_utf8("\xF4\x90\x80\x80"), r + r + r + r);
  CHECK_EQ(repair_utf8("\xF1\x80\x80\xE1\x80\xC2"), r + r + r);  // the example of the standard
  CHECK_EQ(repair_utf8("\xFF"), r);
  std::string surrogate;
  append_utf8(surrogate, 0xD800);
  CHECK_EQ(surrogate, r);
  CHECK_EQ(find_invalid_utf8("abcdefghij\xFFk"), std::size_t{10});
}

TEST("a tail that may still become a character is held back") {
  CHECK_EQ(incomplete_utf8_tail("ab"), std::size_t{0});
  CHECK_EQ(incomplete_utf8_tail(""), std::size_t{0});
  CHECK_EQ(incomplete_utf8_tail("a\xE4"), std::size_t{1});
  CHECK_EQ(incomplete_utf8_tail("a\xE4\xB8"), std::size_t{2});
  CHECK_EQ(incomplete_utf8_tail("a\xE4\xB8\xAD"), std::size_t{0});
  CHECK_EQ(incomplete_utf8_tail("\xF0\x9F\x98"), std::size_t{3});
  CHECK_EQ(incomplete_utf8_tail("\xF0\x80"), std::size_t{0});
  CHECK_EQ(incomplete_utf8_tail("\xFF"), std::size_t{0});
}
