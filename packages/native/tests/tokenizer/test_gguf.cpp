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
    types.push_back(special ? 3 : text.find("tool_call") != std::string::npos ? 4 : 1);
  }
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
                                 {"bert", "bert", ""}};
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
      CHECK(made->get()->encode(text, {true, false}) == fixtures::ids(*one.find("ids")));
    }
  }
}

TEST("GGUF tokenizers that are not known are refused by name") {
  Metadata empty;
  CHECK(!Tokenizer::from_gguf(empty, "m.gguf").ok());
  for (const std::string kind : {"llama", "t5", "rwkv"}) {
    Metadata metadata;
    metadata.set("tokenizer.ggml.model", kind);
    const auto made = Tokenizer::from_gguf(metadata, "m.gguf");
    REQUIRE(!made.ok());
    CHECK(made.error().code == ErrorCode::unsupported);
    CHECK_EQ(made.error().field, "tokenizer.ggml.model");
    CHECK(made.error().expected.find("gpt2") != std::string::npos);
  }
  const auto pre = Tokenizer::from_gguf(metadata_of("gpt2", "gpt2", "tekken"), "m.gguf");
  REQUIRE(!pre.ok());
  CHECK(pre.error().code == ErrorCode::unsupported &&
        pre.error().expected.find("llama-bpe") != std::string::npos);
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
}
