// The tokenizer from GGUF metadata against the one from tokenizer.json, over the same vocabulary.
#include "fixtures.h"

using namespace trivium;

namespace {

template <class T>
MetadataValue array(std::vector<T> values) {
  auto made = std::make_shared<GgufArray>();
  made->values = std::move(values);
  return std::shared_ptr<const GgufArray>(std::move(made));
}

std::vector<std::int64_t> bytes_of_base64(const std::string& text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::int64_t> bytes;
  for (std::size_t i = 0; i + 3 < text.size(); i += 4) {
    std::uint32_t bits = 0;
    for (int k = 0; k < 4; ++k) bits = bits << 6 | static_cast<std::uint32_t>(text[i + k] == '=' ? 0 : alphabet.find(text[i + k]));
    for (int k = 0; k < 3 && text[i + k + 1] != '='; ++k) bytes.push_back(bits >> (16 - 8 * k) & 0xFF);
  }
  return bytes;
}

// SentencePiece's BPE scores pieces by their order; Unigram's are in the file.
void add_scores(const Json& json, const std::string& model, std::size_t count, Metadata& metadata) {
  std::vector<double> scores(count);
  for (std::size_t i = 0; i < count; ++i)
    scores[i] = model == "llama" ? -double(i) : json.find("model")->find("vocab")->items()[i].items()[1].number();
  metadata.set("tokenizer.ggml.scores", array(scores));
  metadata.set("tokenizer.ggml.unknown_token_id", std::uint64_t{0});
  metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{1});
  metadata.set("tokenizer.ggml.eos_token_id", std::uint64_t{2});
  const Json* steps = json.find("normalizer")->find("normalizers");
  if (model == "llama" || steps == nullptr) return;
  metadata.set("tokenizer.ggml.remove_extra_whitespaces", true);
  metadata.set("tokenizer.ggml.precompiled_charsmap",
               array(bytes_of_base64(steps->items()[0].string_or("precompiled_charsmap", ""))));
}

Metadata metadata_of(const std::string& name, const std::string& model, const std::string& pre) {
  const auto tokenizer = fixtures::load(name);
  const auto json = Json::parse(fixtures::read(name + ".json"), name);
  Metadata metadata;
  std::vector<std::string> tokens, merges;
  std::vector<std::int64_t> types;
  for (TokenId id = 0; id < static_cast<TokenId>(tokenizer->vocabulary_size()); ++id) {
    std::string text = tokenizer->token_text(id);
    const bool special = tokenizer->is_special(id);
    if (model == "bert" && !special)
      text = text.starts_with("##") ? text.substr(2) : std::string("\u2581").append(text);
    tokens.push_back(text);
    const bool byte = text.size() == 6 && text.starts_with("<0x");
    types.push_back(special ? 3 : byte ? 6 : text.find("tool_call") != std::string::npos ? 4 : 1);
  }
  if (model == "llama" || model == "t5") add_scores(*json, model, tokens.size(), metadata);
  if (const Json* list = json->find("model")->find("merges")) {
    for (const Json& merge : list->items()) {
      merges.push_back(
          merge.is_string()
              ? merge.string()
              : std::string(merge.items()[0].string()).append(" ").append(merge.items()[1].string()));
    }
  }
  metadata.set("tokenizer.ggml.model", model);
  metadata.set("tokenizer.ggml.pre", pre);
  metadata.set("tokenizer.ggml.tokens", array(tokens));
  metadata.set("tokenizer.ggml.token_type", array(types));
  if (model == "gpt2") metadata.set("tokenizer.ggml.merges", array(merges));
  if (name == "llama3") metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{0});
  if (name == "bert") {
    metadata.set("tokenizer.ggml.unknown_token_id", std::uint64_t{1});
    metadata.set("tokenizer.ggml.cls_token_id", std::uint64_t{2});
    metadata.set("tokenizer.ggml.seperator_token_id", std::uint64_t{3});
  }
  return metadata;
}

}  // namespace

TEST("GGUF metadata gives the ids of tokenizer.json") {
  const std::string rows[][3] = {{"gpt2", "gpt2", "gpt-2"},
                                 {"llama3", "gpt2", "llama-bpe"},
                                 {"qwen2", "gpt2", "qwen2"},
                                 {"bert", "bert", ""},
                                 {"spm", "llama", "default"},
                                 {"unigram", "t5", "default"},
                                 {"unigram-bytes", "t5", "default"}};
  for (const auto& [name, model, pre] : rows) {
    const auto made = Tokenizer::from_gguf(metadata_of(name, model, pre), name + ".gguf");
    if (!made.ok()) {
      check::fail(__FILE__, __LINE__,
                  name + ": " + made.error().message + " " + made.error().field + " " + made.error().found);
      continue;
    }
    const auto expected = Json::parse(fixtures::read(name + ".expected.json"), name);
    for (const Json& one : expected->find("cases")->items()) {
      const std::string& text = one.find("text")->string();
      if (made->get()->encode(text, {true, false}) != fixtures::ids(*one.find("ids")))
        check::fail(__FILE__, __LINE__, name + " ids of: " + text);
      CHECK_EQ(made->get()->decode(fixtures::ids(*one.find("parsed")), true), one.find("skipped")->string());
    }
  }
}

TEST("of a cased BERT letters stay as they are, and what stands around text does not hang on the flags of other kinds") {
  Metadata metadata = metadata_of("bert", "bert", "");
  const auto uncased = Tokenizer::from_gguf(metadata, "bert.gguf");
  metadata.set("tokenizer.ggml.add_bos_token", false);
  metadata.set("tokenizer.ggml.add_eos_token", false);
  CHECK((*Tokenizer::from_gguf(metadata, "bert.gguf"))->encode("One", {true, false}) == uncased->get()->encode("One", {true, false}));
  metadata.set("tokenizer.ggml.normalizer.lowercase", false);
  const auto cased = Tokenizer::from_gguf(metadata, "bert.gguf");
  const auto ids = [](const auto& tokenizer, const char* text) { return tokenizer->get()->encode(text, {false, false}); };
  CHECK(ids(cased, "one") == ids(uncased, "ONE"));
  CHECK(ids(cased, "ONE") != ids(cased, "one"));
  metadata.set("tokenizer.ggml.normalizer.strip_accents", true);
  CHECK(ids(Tokenizer::from_gguf(metadata, "bert.gguf"), "\u00F4ne") == ids(cased, "one"));
}

TEST("a merge that ends inside a character is refused, not read on behind its end") {
  Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("gpt2"));
  metadata.set("tokenizer.ggml.tokens", array(std::vector<std::string>{"a", "\u0100", "a\u0100"}));
  const auto made = [&](const std::string& merge) {
    metadata.set("tokenizer.ggml.merges", array(std::vector<std::string>{merge}));
    return Tokenizer::from_gguf(metadata, "cut.gguf");
  };
  CHECK(made("a \u0100").ok());
  for (const std::string cut : {"a \xC4", "a \xF0", "\xE0 a", "\xF0"}) {
    const auto refused = made(cut);
    CHECK(!refused.ok() && refused.error().code == ErrorCode::bad_format);
    if (!refused.ok()) CHECK_EQ(refused.error().field, "tokenizer.ggml.merges/0");
  }
}

TEST("tokens that a file does not name are those that llama.cpp takes") {
  Metadata named;
  named.set("tokenizer.ggml.model", std::string("llama"));
  named.set("tokenizer.ggml.tokens", array(std::vector<std::string>{"<unk>", "<s>", "</s>", "\u2581", "a", "\u2581a"}));
  named.set("tokenizer.ggml.token_type", array(std::vector<std::int64_t>{2, 3, 3, 1, 1, 1}));
  named.set("tokenizer.ggml.scores", array(std::vector<double>{0, 0, 0, -2, -3, -1}));
  named.set("tokenizer.ggml.add_eos_token", true);
  CHECK(((*Tokenizer::from_gguf(named, "spm.gguf"))->encode("a", {true, false}) == std::vector<TokenId>{1, 5, 2}));
}

TEST("pairs: BERT separates once and tells the texts by type, XLM-RoBERTa separates twice and has one type") {
  const auto bert = Tokenizer::from_gguf(metadata_of("bert", "bert", ""), "bert.gguf");
  REQUIRE(bert.ok());
  const auto expected = Json::parse(fixtures::read("bert.expected.json"), "bert");
  const Json& pair = *expected->find("pair");
  const PairEncoding made = bert->get()->encode_pair("one 一", "two 二", {true, false});
  CHECK(made.ids == fixtures::ids(*pair.find("ids")));
  CHECK(std::vector<TokenId>(made.types.begin(), made.types.end()) == fixtures::ids(*pair.find("types")));

  Metadata metadata = metadata_of("unigram", "t5", "default");
  for (const auto& [name, id] : {std::pair{"bos_token_id", 0}, {"eos_token_id", 1}, {"seperator_token_id", 2}})
    metadata.set(std::string("tokenizer.ggml.") + name, std::int64_t{id});
  metadata.set("tokenizer.ggml.add_bos_token", true);
  metadata.set("tokenizer.ggml.add_eos_token", true);
  const auto roberta = Tokenizer::from_gguf(metadata, "roberta.gguf");
  REQUIRE(roberta.ok());
  const auto ids = [&](const char* text) { return roberta->get()->encode(text, {false, false}); };
  std::vector<TokenId> all{0};
  const auto append = [&](const std::vector<TokenId>& more) { all.insert(all.end(), more.begin(), more.end()); };
  append(ids("one"));
  append({1, 2});
  append(ids("two"));
  append({1});
  const PairEncoding both = roberta->get()->encode_pair("one", "two", {true, false});
  CHECK(both.ids == all);
  CHECK(both.types == std::vector<std::uint8_t>(all.size(), 0));
}

TEST("GGUF tokenizers that are not known are refused by name") {
  Metadata empty;
  CHECK(!Tokenizer::from_gguf(empty, "m.gguf").ok());
  for (const std::string kind : {"plamo2", "rwkv"}) {
    Metadata metadata;
    metadata.set("tokenizer.ggml.model", kind);
    const auto made = Tokenizer::from_gguf(metadata, "m.gguf");
    REQUIRE(!made.ok());
    CHECK(made.error().code == ErrorCode::unsupported);
    CHECK_EQ(made.error().field, "tokenizer.ggml.model");
    CHECK(made.error().expected.find("gpt2") != std::string::npos);
  }
  const auto pre = Tokenizer::from_gguf(metadata_of("gpt2", "gpt2", "nonsense"), "m.gguf");
  REQUIRE(!pre.ok());
  CHECK(pre.error().code == ErrorCode::unsupported &&
        pre.error().expected.find("llama-bpe") != std::string::npos);
}

TEST("every pre-tokenizer that is named can be made, cuts, and loses nothing") {
  const std::string text = "I'LL say: don't 12345 naïve Straße, 中文和カナ 한국 x=y;\n\n  if (a) { b(); }\t// ok 👍🏽 ٣٤";
  const Metadata refused = metadata_of("gpt2", "gpt2", "nonsense");
  const std::string names = Tokenizer::from_gguf(refused, "m.gguf").error().expected + ", ";
  int tried = 0;
  for (std::size_t at = 0, end; (end = names.find(", ", at)) != std::string::npos; at = end + 2, ++tried) {
    const auto made = Tokenizer::from_gguf(metadata_of("gpt2", "gpt2", names.substr(at, end - at)), "m.gguf");
    REQUIRE(made.ok());
    const auto ids = made->get()->encode(text, {false, false});
    CHECK(ids.size() > 20);
    CHECK_EQ(made->get()->decode(ids, false), text);
  }
  CHECK(tried > 25);
}

TEST("pieces are cut as the names say") {
  const auto pieces = [](const std::string& pre, const std::string& text) {
    // A vocabulary of all bytes and of every run of them that the text has: each piece is one token.
    Metadata metadata;
    std::vector<std::string> tokens, merges;
    std::string all;
    for (int b = 1; b < 128; ++b)
      if (b > 32 && b < 127) tokens.push_back(std::string(1, static_cast<char>(b)));
    tokens.push_back("\u0120");
    tokens.push_back("\u010A");
    for (const char* run : {"12", "123", "3", "ab", "\u0120ab", "\u0120!", "!!", "'s", "ab's", "\u010A\u010A"}) tokens.push_back(run);
    metadata.set("tokenizer.ggml.model", std::string("gpt2"));
    metadata.set("tokenizer.ggml.pre", pre);
    metadata.set("tokenizer.ggml.tokens", array(tokens));
    for (const char* merge : {"1 2", "12 3", "a b", "\u0120 ab", "\u0120 !", "! !", "' s", "ab 's", "\u010A \u010A"}) merges.push_back(merge);
    metadata.set("tokenizer.ggml.merges", array(merges));
    const auto made = Tokenizer::from_gguf(metadata, "m.gguf");
    CHECK(made.ok());
    std::string shown;
    for (const TokenSpan& span : made->get()->encode_spans(text, {}))
      shown += (shown.empty() ? "" : "|") + text.substr(span.begin, span.end - span.begin);
    return shown;
  };
  CHECK_EQ(pieces("gpt-2", "123 ab's !!"), "123| ab|'s| !|!");
  CHECK_EQ(pieces("gpt-2", "123ab's"), "123|ab|'s");
  CHECK_EQ(pieces("smollm", "123 ab's"), "1|2|3| ab|'s");
  CHECK_EQ(pieces("gpt-4o", "123ab's"), "123|ab's");
  CHECK_EQ(pieces("tekken", "123 ab's"), "1|2|3| ab|'s");
  CHECK_EQ(pieces("deepseek-v3", "123 ab!!\n\n"), "123| ab|!!|\n\n");
  CHECK_EQ(pieces("deepseek-coder", "12 ab\n\n"), "1|2| ab|\n|\n");
}

TEST("broken GGUF metadata is an error that names the key") {
  const auto broken = [](const char* key, MetadataValue value) {
    Metadata metadata = metadata_of("gpt2", "gpt2", "gpt-2");
    metadata.set(key, std::move(value));
    const auto made = Tokenizer::from_gguf(metadata, "m.gguf");
    CHECK(!made.ok() && made.error().code == ErrorCode::bad_format && made.error().field.starts_with(key));
  };
  broken("tokenizer.ggml.merges", array<std::string>({"zzzz qqqq"}));
  broken("tokenizer.ggml.merges", array<std::string>({"nospace"}));
  broken("tokenizer.ggml.tokens", array<std::string>({}));
  broken("tokenizer.ggml.token_type", array<std::int64_t>({1}));
  broken("tokenizer.ggml.bos_token_id", std::uint64_t{1} << 40);
  const auto broken_scores = [](const std::string& model, const char* key, MetadataValue value) {
    Metadata metadata = metadata_of(model == "llama" ? "spm" : "unigram", model, "default");
    metadata.set(key, std::move(value));
    const auto made = Tokenizer::from_gguf(metadata, "m.gguf");
    CHECK(!made.ok() && made.error().code == ErrorCode::bad_format && made.error().field.starts_with(key));
  };
  for (const std::string model : {"llama", "t5"}) {
    broken_scores(model, "tokenizer.ggml.scores", array<double>({1}));
    broken_scores(model, "tokenizer.ggml.scores", std::string("none"));
    broken_scores(model, "tokenizer.ggml.unknown_token_id", std::uint64_t{1} << 40);
  }
  broken_scores("t5", "tokenizer.ggml.precompiled_charsmap", array<std::int64_t>({255, 255, 255, 255, 0}));
}
