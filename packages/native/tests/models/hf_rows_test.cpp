// What a Hugging Face folder may not say: each refusal names the file, the field, what was found and expected, a remedy.
#include "check.h"
#include "formats/support.h"
#include "models/spec.h"

using namespace trivium;
using namespace support;

namespace {

const std::string llama = R"("model_type":"llama","hidden_size":64,"vocab_size":128,"num_attention_heads":4,)"
                          R"("num_key_value_heads":2,"num_hidden_layers":2,"intermediate_size":96)";
const std::string bert = R"("model_type":"bert","hidden_size":32,"vocab_size":64,"num_attention_heads":4,)"
                         R"("num_hidden_layers":2,"intermediate_size":64,"max_position_embeddings":64)";

struct Text {
  std::string name, content;
};

// The error of a folder with this config.json and perhaps one more file; an empty one when it is taken.
Error refusal(const std::string& config, const Text& more = {}) {
  Folder folder;
  folder.write("config.json", "{" + config + "}");
  folder.write("model.safetensors", fixture_bytes("folder/model.safetensors"));
  if (!more.name.empty()) folder.write(more.name, more.content);
  const auto opened = ModelFile::open(folder.path);
  if (!opened.ok()) return opened.error();
  const auto spec = spec_of(**opened);
  return spec.ok() ? Error{} : spec.error();
}

bool is_complete(const Error& error, ErrorCode code) {
  return error.code == code && !error.message.empty() && !error.file.empty() && !error.field.empty() &&
         !error.expected.empty() && !error.found.empty() && !error.remedy.empty();
}

}  // namespace

TEST("a sound config is taken") {
  CHECK_EQ(refusal(llama).message, "");
  CHECK_EQ(refusal(bert).message, "");
}

TEST("what is not supported is refused with all parts of an error") {
  for (const std::string& more : {R"("hidden_act":"tanhx")", R"("rope_scaling":{"rope_type":"spiral"})",
                                  R"("partial_rotary_factor":2)"}) {
    CHECK(is_complete(refusal(llama + "," + more), ErrorCode::unsupported));
  }
  for (const std::string& more : {R"("rope_theta":0)", R"("rope_scaling":{"rope_type":"linear","factor":-1})"}) {
    CHECK(is_complete(refusal(llama + "," + more), ErrorCode::bad_format));
  }
  CHECK(is_complete(refusal(bert + R"(,"position_embedding_type":"relative_key")"), ErrorCode::unsupported));
  CHECK(is_complete(refusal(bert, {"1_Pooling/config.json", R"({"pooling_mode":"median"})"}), ErrorCode::unsupported));
  CHECK(is_complete(refusal(bert, {"modules.json", R"([{"type":"sentence_transformers.models.Dense"}])"}), ErrorCode::unsupported));
  CHECK(is_complete(refusal(R"("model_type":"abacus")"), ErrorCode::unsupported));
}

TEST("a head of one label makes a cross-encoder; one of several is refused by their number") {
  const std::string classifier = bert + R"(,"architectures":["BertForSequenceClassification"])";
  CHECK_EQ(refusal(classifier + R"(,"id2label":{"0":"LABEL_0"})").message, "");
  CHECK_EQ(refusal(classifier + R"(,"num_labels":1)").message, "");
  for (const auto& [labels, found] : {std::pair{R"(,"id2label":{"0":"a","1":"b","2":"c"})", "3 labels"}, {"", "2 labels"}, {R"(,"num_labels":5)", "5 labels"}}) {
    const Error error = refusal(classifier + labels);
    CHECK(is_complete(error, ErrorCode::unsupported));
    CHECK_EQ(error.found, found);
  }
  CHECK(is_complete(refusal(bert + R"(,"type_vocab_size":0)"), ErrorCode::bad_format));
}

TEST("a name that fills a file does not fill the message") {
  const Error error = refusal(bert, {"modules.json", R"([{"type":")" + std::string(100000, 'x') + R"("}])"});
  CHECK(is_complete(error, ErrorCode::unsupported));
  CHECK(error.message.size() < 1000);
}

TEST("counts out of range and heads that do not divide are refused with all parts of an error") {
  for (const std::string& more : {R"("hidden_size":0)", R"("num_hidden_layers":-1)", R"("head_dim":100000)"}) {
    CHECK(is_complete(refusal(more + "," + R"("model_type":"llama","vocab_size":128,"num_attention_heads":4,"intermediate_size":96)"),
                      ErrorCode::bad_format));
  }
  CHECK(is_complete(refusal(R"("model_type":"llama","hidden_size":64,"vocab_size":128,"num_attention_heads":4,)"
                            R"("num_key_value_heads":3,"num_hidden_layers":2,"intermediate_size":96)"),
                    ErrorCode::bad_format));
}

TEST("a shard whose name no system takes is an error of the index") {
  Folder folder;
  folder.write("config.json", "{" + llama + "}");
  folder.write("model.safetensors.index.json", R"({"weight_map":{"a":")" + std::string(5000, 'x') + R"("}})");
  const auto opened = ModelFile::open(folder.path);
  REQUIRE(!opened.ok());
  CHECK_EQ(opened.error().field, "weight_map");
  CHECK(!opened.error().file.empty() && !opened.error().remedy.empty());
}

TEST("a tensor without a name that the index promises is an error of the index") {
  Folder folder;
  folder.write("config.json", "{" + llama + "}");
  folder.write("a.safetensors", fixture_bytes("folder/model.safetensors"));
  folder.write("model.safetensors.index.json", R"({"weight_map":{"":"a.safetensors"}})");
  const auto opened = ModelFile::open(folder.path);
  REQUIRE(!opened.ok());
  CHECK(is_complete(opened.error(), ErrorCode::bad_format));
}
