// What hostile text and hostile files must not do: forge a special token, hang, crash, or allocate beyond the
// file.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <random>
#include <thread>

#include "fixtures.h"

using namespace trivium;

namespace {

double seconds_of(const Tokenizer& tokenizer, const std::string& text) {
  const std::clock_t start = std::clock();  // of the processor: others may share the machine
  const auto ids = tokenizer.encode(text, {});
  const std::clock_t end = std::clock();
  CHECK(!ids.empty());
  return static_cast<double>(end - start) / CLOCKS_PER_SEC;
}

std::string model_json(const std::string& model, const std::string& rest = "") {
  return "{" + rest + "\"model\":" + model + "}";
}

}  // namespace

TEST("text never becomes a special token unless asked") {
  const std::string spelled[] = {"<|endoftext|>", "<|begin_of_text|>",
                                 "<|eot_id|>",    "<|im_start|>",
                                 "[CLS]",         "[SEP]",
                                 "[MASK]",        "<s>",
                                 "</s>",          "<mask>",
                                 "<|bos|>",       "<|eos|>"};
  std::mt19937 random(7);
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    const TokenId unknown = std::max({tokenizer->id_of("[UNK]"), tokenizer->id_of("<unk>"), tokenizer->id_of("<|unk|>")});
    for (int i = 0; i < 300; ++i) {
      std::string text;
      for (int k = 0; k < 6; ++k) {
        text += spelled[random() % std::size(spelled)];
        if (random() % 2) text += "x \n<|"[random() % 5];
      }
      for (const TokenId id : tokenizer->encode(text, {false, false}))
        CHECK(!tokenizer->is_special(id) || id == unknown);
    }
  }
}

TEST("nor does a scored piece that is special, however likely") {
  const auto made = Tokenizer::from_json(
      model_json(R"({"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["<s>",9],["<",-1],["s",-1],[">",-1]]})",
                 R"("added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true}],)"),
      "t");
  REQUIRE(made.ok());
  CHECK((made->get()->encode("<s>x<unk>", {}) == std::vector<TokenId>{2, 3, 4, 0, 2, 0, 4}));
  CHECK((made->get()->encode("<s>", {true, true}) == std::vector<TokenId>{1}));
}

TEST("not even by merges, by a whole word, or as a single character") {
  const std::string vocab = R"("vocab":{"a":0,"b":1,"ab":2,"z":3,"zz":4})";
  for (const std::string flags : {"false", "true"}) {
    const auto made = Tokenizer::from_json(
        model_json(
            "{\"type\":\"BPE\",\"ignore_merges\":" + flags + "," + vocab + R"(,"merges":["a b","z z"]})",
            R"("added_tokens":[{"id":2,"content":"ab","special":true},{"id":3,"content":"z","special":true}],)"),
        "t");
    REQUIRE(made.ok());
    CHECK((made->get()->encode("ab", {}) == std::vector<TokenId>{0, 1}));
    CHECK((made->get()->encode("ab", {true, true}) == std::vector<TokenId>{2}));
    CHECK((made->get()->encode("z", {}).empty()));
  }
  const auto words = Tokenizer::from_json(
      model_json(
          R"({"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"[CLS]":1,"x":2}})",
          R"("pre_tokenizer":{"type":"WhitespaceSplit"},"added_tokens":[{"id":1,"content":"[CLS]","special":true}],)"),
      "t");
  REQUIRE(words.ok());
  CHECK((words->get()->encode("x [CLS]", {}) == std::vector<TokenId>{2, 0}));
}

TEST("a line of a million characters takes moments") {
  std::string marks;
  for (int i = 0; i < 250000; ++i) marks += i % 3 ? "\u0301" : "\u0323";
  const std::string texts[] = {std::string(1000000, 'a'),
                               std::string(1000000, ' '),
                               std::string(1000000, '!'),
                               std::string(1000000, '\n'),
                               std::string(1000000, '<'),
                               std::string(1000000, '7'),
                               marks};
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name);
    REQUIRE(tokenizer != nullptr);
    for (const std::string& text : texts) CHECK(seconds_of(*tokenizer, text) < 20.0);
  }
}

TEST("a broken tokenizer.json is an error that names file and field") {
  const struct {
    std::string json, field;
    ErrorCode code;
  } cases[] = {
      {"[]", "", ErrorCode::bad_format},
      {"{}", "/model", ErrorCode::bad_format},
      {model_json(R"({"type":"WordLevel","vocab":{}})"), "/model/type", ErrorCode::unsupported},
      {model_json(R"({"type":"Unigram","vocab":[]})"), "/model/vocab", ErrorCode::bad_format},
      {model_json(R"({"type":"Unigram","vocab":{"a":0}})"), "/model/vocab", ErrorCode::bad_format},
      {model_json(R"({"type":"Unigram","vocab":[["a",-1],["b"]]})"), "/model/vocab/1", ErrorCode::bad_format},
      {model_json(R"({"type":"Unigram","vocab":[["a","-1"]]})"), "/model/vocab/0", ErrorCode::bad_format},
      {model_json(R"({"type":"Unigram","unk_id":7,"vocab":[["a",-1]]})"), "/model/unk_id", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","merges":[]})"), "/model/vocab", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{},"merges":[]})"), "/model/vocab", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":2000000000},"merges":[]})"), "/model/vocab/a",
       ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":-1},"merges":[]})"), "/model/vocab/a", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":"0"},"merges":[]})"), "/model/vocab/a",
       ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0,"b":0},"merges":[]})"), "/model/vocab/b",
       ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":["a a"]})"), "/model/merges/0",
       ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":["a"]})"), "/model/merges/0",
       ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[["a",1]]})"), "/model/merges/0",
       ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0}})"), "/model/merges", ErrorCode::bad_format},
      {model_json(R"({"type":"WordPiece","vocab":{"a":0}})"), "/model/unk_token", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[]})", R"("normalizer":{"type":"Precompiled"},)"),
       "/normalizer/precompiled_charsmap", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[]})",
                  R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"_w=="},)"),
       "/normalizer/precompiled_charsmap", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[]})",
                  R"("normalizer":{"type":"Precompiled","precompiled_charsmap":"CAAAAAAAAAA="},)"),
       "/normalizer/precompiled_charsmap", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[]})",
                  R"("pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a)\\1"},"behavior":"Isolated"},)"),
       "/pre_tokenizer/pattern/Regex", ErrorCode::unsupported},
      {model_json(
           R"({"type":"BPE","vocab":{"a":0},"merges":[]})",
           R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"}]},)"),
       "/pre_tokenizer/pretokenizers/0/pattern/Regex", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[]})",
                  R"("post_processor":{"type":"BertProcessing","sep":["x",9],"cls":["a",0]},)"),
       "/post_processor/sep/1", ErrorCode::bad_format},
      {model_json(R"({"type":"BPE","vocab":{"a":0},"merges":[]})", R"("decoder":{"type":"CTC"},)"),
       "/decoder/type", ErrorCode::unsupported},
  };
  for (const auto& one : cases) {
    const auto made = Tokenizer::from_json(one.json, "tokenizer.json");
    if (made.ok()) {
      check::fail(__FILE__, __LINE__, "accepted: " + one.json);
      continue;
    }
    CHECK_EQ(made.error().field, one.field);
    CHECK_EQ(made.error().file, "tokenizer.json");
    CHECK(made.error().code == one.code);
    CHECK(!made.error().remedy.empty());
  }
}

TEST("mutated tokenizers load or fail, and those that load still work") {
  std::mt19937 random(11);
  const std::string tokens = "{}[]\",:0123456789-atrueflsn\\/<>\xE2\x96\x81";
  for (const std::string name : fixtures::names) {
    const std::string whole = fixtures::read(name + ".json");
    const std::size_t model = whole.find("\"model\"");
    // TRIVIUM_MUTATIONS: more of them, for a run under the sanitizers.
    const char* const wanted = std::getenv("TRIVIUM_MUTATIONS");
    const int rounds = wanted == nullptr ? 60 : std::atoi(wanted) / static_cast<int>(std::size(fixtures::names));
    for (int i = 0; i < rounds; ++i) {
      std::string json = whole;
      for (int k = 0; k < 4; ++k) {
        const std::size_t at = random() % (i % 2 ? json.size() : model);
        switch (random() % 3) {
          case 0:
            json[at] = tokens[random() % tokens.size()];
            break;
          case 1:
            json.erase(at, random() % 20);
            break;
          default:
            json.insert(at, json.substr(random() % json.size(), random() % 30));
        }
      }
      const auto made = Tokenizer::from_json(json, "mutated");
      if (!made.ok()) continue;
      const auto ids = made->get()->encode("Hello 世界 <|endoftext|> [CLS] é\n\n", {true, true});
      made->get()->decode(ids, false);
    }
  }
}

TEST("what nobody waits for any more ends early, and leaves nothing behind") {
  const std::string text = std::string(1 << 16, '-') + " one two " + std::string(30, '=');
  const std::atomic<bool> cancelled = true;
  for (const std::string name : fixtures::names) {
    const auto tokenizer = fixtures::load(name), fresh = fixtures::load(name);
    REQUIRE(tokenizer != nullptr && fresh != nullptr);
    const EncodeOptions options{.add_special_tokens = false, .cancelled = &cancelled};
    CHECK(tokenizer->encode(text, options).empty());
    CHECK(tokenizer->encode_spans(text, options).empty());
    CHECK(tokenizer->encode(text, {}) == fresh->encode(text, {}));
  }
}

TEST("threads share one tokenizer") {
  const auto tokenizer = fixtures::load("llama3");
  REQUIRE(tokenizer != nullptr);
  const std::string text = fixtures::read("bert.json");
  const auto expected = tokenizer->encode(text, {});
  std::vector<std::thread> threads;
  std::vector<int> right(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] { right[t] = tokenizer->encode(text, {}) == expected; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int one : right) CHECK(one == 1);
}
