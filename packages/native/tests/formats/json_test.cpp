#include "formats/json.h"

#include "check.h"

using namespace trivium;

static bool refused(std::string_view text, std::string_view place = "") {
  const auto parsed = Json::parse(text, "x.json");
  if (parsed.ok()) return false;
  const Error& error = parsed.error();
  const bool whole = error.code == ErrorCode::bad_format && error.file == "x.json" && !error.remedy.empty() &&
                     !error.expected.empty();
  return whole && (place.empty() || error.field == place);
}

TEST("values, numbers and lookups") {
  const auto parsed = Json::parse(
      " {\"a\": [1, -2.5, 3e2, true, null], \"t\": \"\\u4e09\\ud83d\\ude00\\n\", \"big\": 9007199254740993,"
      "\"huge\": 1000000000000000019884624838656, \"tiny\": 1e-400, \"o\": {\"k\": 4.0}} ", "x.json");
  REQUIRE(parsed.ok());
  const auto& items = parsed->find("a")->items();
  REQUIRE(items.size() == 5);
  CHECK(items[0].integer() == 1);
  CHECK_EQ(items[1].number(), -2.5);
  CHECK(!items[1].integer());
  CHECK(items[2].integer() == 300);
  CHECK(items[3].boolean() && items[4].is_null());
  CHECK_EQ(parsed->string_or("t", ""), "三😀\n");
  CHECK(parsed->integer_at("big") == 9007199254740993);
  CHECK(!parsed->integer_at("huge"));
  CHECK_NEAR(parsed->number_or("huge", 0) / 1e30, 1, 1e-12);
  CHECK_EQ(parsed->number_or("tiny", 1), 0);
  CHECK(parsed->find("o")->integer_at("k") == 4);
  CHECK(parsed->find("none") == nullptr);
  CHECK_EQ(parsed->find("t")->items().size(), std::size_t{0});
  CHECK_EQ(parsed->string_or("a", "fallback"), "fallback");
  CHECK_EQ(parsed->members()[1].first, "t");
}

TEST("what is not JSON is refused with line and column") {
  CHECK(refused("", "line 1:1"));
  CHECK(refused("{\n  \"a\": 1,\n}", "line 3:1"));
  for (const char* text : {"[1,]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[01]", "[1.]", "[.5]", "[+1]", "[1e]", "nul", "[NaN]",
                           "[1e999]", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a", "\"\x01\"", "[1] 2",
                           "{\"a\":1,\"a\":2}", "\"\xff\"", "\"\xed\xa0\x80\"", "[1 2]", "// c\n1", "{1:2}", "-", "\"\\u12"}) {
    if (!refused(text)) check::fail(__FILE__, __LINE__, std::string("accepted: ") + text);
  }
}

TEST("depth is bounded") {
  CHECK(Json::parse(std::string(128, '[') + std::string(128, ']'), "x").ok());
  CHECK(refused(std::string(129, '[') + std::string(129, ']')));
  CHECK(refused(std::string(1000000, '[')));
  std::string nested;
  for (int i = 0; i < 200; ++i) nested += "{\"a\":";
  CHECK(refused(nested));
}

TEST("copies are deep and parses of one text are alike") {
  Json copy;
  {
    const auto parsed = Json::parse("{\"a\":[\"x\",{\"b\":[]}]}", "x");
    REQUIRE(parsed.ok());
    copy = *parsed;
  }
  CHECK_EQ(copy.find("a")->items()[0].string(), "x");
  CHECK(copy.find("a")->items()[1].find("b")->is_array());
}
