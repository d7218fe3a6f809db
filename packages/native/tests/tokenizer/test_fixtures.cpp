// Ids, decodings and streams against Hugging Face tokenizers, through the committed fixtures; spans against
// the text.
#include <random>

#include "base/utf8.h"
#include "fixtures.h"

using namespace trivium;

TEST("ids, decodings, streams and pairs are those of Hugging Face tokenizers") {
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    const auto expected = Json::parse(fixtures::read(name + ".expected.json"), name);
    REQUIRE(expected.ok());
    for (const Json& one : expected->find("cases")->items()) {
      const std::string& text = one.find("text")->string();
      const auto plain = tokenizer->encode(text, {true, false}),
                 parsed = tokenizer->encode(text, {true, true});
      if (plain != fixtures::ids(*one.find("ids")))
        check::fail(__FILE__, __LINE__, name + " ids of: " + text);
      if (parsed != fixtures::ids(*one.find("parsed")))
        check::fail(__FILE__, __LINE__, name + " parsed ids of: " + text);
      CHECK_EQ(tokenizer->decode(parsed, false), one.find("decoded")->string());
      CHECK_EQ(tokenizer->decode(parsed, true), one.find("skipped")->string());
      const auto stream = tokenizer->stream_decoder(true);
      std::string streamed;
      for (const TokenId id : parsed) streamed += stream->push(id);
      CHECK_EQ(streamed + stream->finish(), one.find("skipped")->string());
    }
    const Json& pair = *expected->find("pair");
    const PairEncoding made = tokenizer->encode_pair("one 一", "two 二", {true, false});
    CHECK(made.ids == fixtures::ids(*pair.find("ids")));
    const auto types = fixtures::ids(*pair.find("types"));
    CHECK(std::vector<TokenId>(made.types.begin(), made.types.end()) == types);
    const std::vector<TokenId> second(made.ids.begin() + std::ptrdiff_t(made.second_begin), made.ids.begin() + std::ptrdiff_t(made.second_end));
    CHECK(second == tokenizer->encode("two 二", {false, false}));
  }
}

TEST("spans have the ids of encode, lie in the text in order and end on characters") {
  const std::string text =
      "Naïve café — 你好,  世界! 👩‍👩‍👧 e\u0301 x<tool_call>y <mask> ﬁn";
  const auto boundary = [&](std::uint32_t at) { return at == text.size() || (text[at] & 0xC0) != 0x80; };
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    const auto spans = tokenizer->encode_spans(text, {true, true});
    std::vector<TokenId> ids;
    std::uint32_t last = 0;
    for (const TokenSpan& span : spans) {
      ids.push_back(span.id);
      CHECK(span.begin <= span.end && span.end <= text.size());
      CHECK(boundary(span.begin) && boundary(span.end));
      CHECK(span.begin >= last);
      last = span.begin;
    }
    CHECK(ids == tokenizer->encode(text, {true, true}));
  }
}

TEST("spans of words point at the words through normalisation") {
  const auto tokenizer = fixtures::load("bert");
  REQUIRE(tokenizer != nullptr);
  const std::string text = "  ÉTÉ\t和 the";
  const auto spans = tokenizer->encode_spans(text, {false, false});
  REQUIRE(spans.size() >= 3);
  CHECK_EQ(text.substr(spans.back().begin, spans.back().end - spans.back().begin), "the");
  CHECK_EQ(spans.front().begin, 2u);
  const TokenSpan& chinese = spans[spans.size() - 2];
  CHECK_EQ(text.substr(chinese.begin, chinese.end - chinese.begin), "和");
}

TEST("ill-formed bytes and lone surrogates are U+FFFD, one a maximal part") {
  const std::pair<std::string, std::string> cases[] = {{"a\xFF"
                                                        "b",
                                                        "a\uFFFDb"},
                                                       {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
                                                       {"\xE4\xBD", "\uFFFD"},
                                                       {"\xF0\x9F\x91x", "\uFFFDx"},
                                                       {"\xC0\xAF", "\uFFFD\uFFFD"},
                                                       {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"}};
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    for (const auto& [broken, repaired] : cases) {
      CHECK(tokenizer->encode(broken, {}) == tokenizer->encode(repaired, {}));
      for (const TokenSpan& span : tokenizer->encode_spans(broken, {})) CHECK(span.end <= broken.size());
    }
  }
}

// Ids and spans are those of Hugging Face tokenizers, but for the last three: there it panics.
TEST("a token in white space that the one before took stays, overlapping it, unless it strips to its left") {
  const struct {
    bool left, right;
    std::string text;
    std::vector<TokenId> ids;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> places;
  } cases[] = {
      {false, false, "A<x>    ", {1, 5, 4, 4}, {{0, 1}, {1, 8}, {4, 6}, {6, 8}}},
      {false, false, "A<x>   a", {1, 5, 4, 2, 3}, {{0, 1}, {1, 7}, {4, 6}, {6, 7}, {7, 8}}},
      {false, true, "A<x>    ", {1, 5, 4, 4}, {{0, 1}, {1, 8}, {4, 8}, {6, 8}}},
      {false, true, "A<x>   a", {1, 5, 4, 1}, {{0, 1}, {1, 7}, {4, 7}, {7, 8}}},
      {true, true, "A<x>    ", {1, 5}, {{0, 1}, {1, 8}}},
      {true, true, "A<x>   a", {1, 5, 1}, {{0, 1}, {1, 7}, {7, 8}}},
      {true, true, "A    ", {1, 4}, {{0, 1}, {1, 5}}},
      {true, false, "A<x>  a", {1, 5, 1}, {{0, 1}, {1, 6}, {6, 7}}},
      {true, false, "A<x>    ", {1, 5}, {{0, 1}, {1, 8}}},
      {true, false, "A<x>   a", {1, 5, 1}, {{0, 1}, {1, 7}, {7, 8}}},
      {true, false, "A<x>   ", {1, 5}, {{0, 1}, {1, 7}}},
  };
  for (const auto& one : cases) {
    const std::string strips = std::string(R"("lstrip":)") + (one.left ? "true" : "false") + R"(,"rstrip":)" + (one.right ? "true" : "false");
    const auto made = Tokenizer::from_json(
        R"({"added_tokens":[{"id":4,"content":"  ","normalized":true,)" + strips + R"(},{"id":5,"content":"<x>","normalized":true,"rstrip":true}],)"
        R"("normalizer":{"type":"Lowercase"},"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"a":1," ":2,"##a":3}}})",
        "t");
    REQUIRE(made.ok());
    CHECK((*made)->encode(one.text, {}) == one.ids);
    const auto spans = (*made)->encode_spans(one.text, {});
    REQUIRE(spans.size() == one.ids.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
      CHECK_EQ(spans[i].id, one.ids[i]);
      CHECK_EQ(spans[i].begin, one.places[i].first);
      CHECK_EQ(spans[i].end, one.places[i].second);
    }
  }
}

TEST("a stream gives whole characters only") {
  const auto tokenizer = fixtures::load("gpt2");
  REQUIRE(tokenizer != nullptr);
  const std::string text = "𠀀𠮷 ẞ 👩‍👩‍👧‍👦 \u0e01";
  const auto stream = tokenizer->stream_decoder(false);
  std::string all;
  for (const TokenId id : tokenizer->encode(text, {})) {
    const std::string part = stream->push(id);
    CHECK(part.find("\uFFFD") == std::string::npos);
    all += part;
  }
  CHECK_EQ(all, text);
  const auto half = tokenizer->encode("𠀀", {});
  stream->push(half[0]);
  CHECK_EQ(stream->finish(), "\uFFFD");
}

TEST("a stream over byte tokens gives whole characters only") {
  for (const std::string name : {"plain", "spm", "unigram-bytes"}) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    const std::string text = "a𠀀𠮷 ẞ 👩‍👩‍👧‍👦 ꧁x";
    const auto ids = tokenizer->encode(text, {false, false});
    const auto stream = tokenizer->stream_decoder(false);
    std::string all;
    for (const TokenId id : ids) {
      const std::string part = stream->push(id);
      CHECK(part.find("\uFFFD") == std::string::npos);
      all += part;
    }
    CHECK_EQ(all + stream->finish(), text);
    const TokenId lead = tokenizer->id_of("<0xE4>");
    REQUIRE(lead >= 0);
    CHECK_EQ(tokenizer->token_bytes(lead), "\xE4");
    CHECK_EQ(stream->push(lead), "");
    CHECK_EQ(stream->finish(), "\uFFFD");
  }
}

TEST("a stream of any bytes says what they say, well formed, and never takes back what it wrote") {
  std::mt19937 random(5);
  for (const std::string name : {"plain", "spm", "unigram-bytes"}) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    const auto byte = [&](const char* token) { return tokenizer->id_of(token); };
    const auto check = [&](const std::vector<TokenId>& ids, bool sudden) {
      const auto stream = tokenizer->stream_decoder(false);
      std::string all;
      for (const TokenId id : ids) {
        const std::string part = stream->push(id);
        CHECK(is_utf8(part));
        all += part;
      }
      const std::string end = stream->finish();
      CHECK(is_utf8(end));
      CHECK_EQ(all + end, tokenizer->decode(ids, false));
      if (sudden) CHECK(end.size() <= 3);  // no more than one character waits
    };
    std::vector<TokenId> cut;
    for (int i = 0; i < 60; ++i) cut.insert(cut.end(), {byte("<0x41>"), byte("<0xC3>")});
    check(cut, true);
    CHECK(tokenizer->decode(cut, false).starts_with("A\uFFFDA\uFFFDA"));
    check(std::vector<TokenId>(60, byte("<0xC3>")), true);
    const TokenId some[] = {byte("<0xE4>"), byte("<0xBD>"), byte("<0xA0>"), byte("<0xF0>"), byte("<0x9F>"), byte("<0x0A>"), byte("<0xC3>"),
                            byte("<0xFF>"), tokenizer->encode("a", {false, false}).back()};
    for (int round = 0; round < 400; ++round) {
      std::vector<TokenId> ids;
      for (int i = 0; i < 30; ++i) ids.push_back(some[random() % std::size(some)]);
      check(ids, false);
    }
  }
}

TEST("the vocabulary answers in both directions") {
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    for (TokenId id = 0; id < static_cast<TokenId>(tokenizer->vocabulary_size()); ++id) {
      CHECK_EQ(tokenizer->id_of(tokenizer->token_text(id)), id);
    }
    CHECK_EQ(tokenizer->id_of("no such token, surely"), -1);
    CHECK_EQ(tokenizer->token_text(-1), "");
    CHECK_EQ(tokenizer->token_text(1 << 30), "");
  }
  const auto gpt2 = fixtures::load("gpt2");
  CHECK_EQ(gpt2->token_bytes(gpt2->id_of("Ġthe")), " the");
  CHECK(gpt2->is_special(gpt2->id_of("<|endoftext|>")));
}

TEST("a ByteLevel decoder in a sequence makes tokens of bytes too") {
  const auto bare = fixtures::load("gpt2");
  REQUIRE(bare != nullptr);
  std::string json = fixtures::read("gpt2.json");
  const std::size_t begin = json.find(R"({"type":"ByteLevel")", json.find(R"("decoder":)")), end = json.find('}', begin) + 1;
  REQUIRE(end > begin);
  const std::string decoder = json.substr(begin, end - begin);
  json.replace(begin, end - begin, R"({"type":"Sequence","decoders":[{"type":"Sequence","decoders":[)" + decoder + R"(]},{"type":"Fuse"}]})");
  const auto made = Tokenizer::from_json(json, "t");
  REQUIRE(made.ok());
  CHECK_EQ((*made)->token_bytes(bare->id_of("Ġthe")), " the");
  for (TokenId id = 0; id < static_cast<TokenId>(bare->vocabulary_size()); ++id) CHECK_EQ((*made)->token_bytes(id), bare->token_bytes(id));
  const std::string text = "the é 你好";
  const auto stream = (*made)->stream_decoder(false);
  std::string streamed;
  for (const TokenId id : (*made)->encode(text, {})) streamed += stream->push(id);
  CHECK_EQ(streamed + stream->finish(), text);
}
