// What the modules of a sentence-transformers folder make of a vector, read as sentence-transformers reads them, and which of
// them are refused: a vector of other modules than were run is wrong without a sign.
#include "models/sentence_modules.h"

#include <map>

#include "check.h"
#include "formats/support.h"

using namespace trivium;
using namespace support;

namespace {

constexpr const char* config = R"({"model_type":"bert","hidden_size":32,"vocab_size":64,"num_attention_heads":4,)"
                               R"("num_hidden_layers":2,"intermediate_size":64,"max_position_embeddings":64})";

struct Module {
  std::string type, path;
};

const Module transformer{"sentence_transformers.models.Transformer", ""};
const Module pooling{"sentence_transformers.models.Pooling", "1_Pooling"};
const Module normalize{"sentence_transformers.models.Normalize", "2_Normalize"};

std::string listed(const std::vector<Module>& modules) {
  std::string list = "[";
  for (const Module& module : modules) {
    if (list.size() > 1) list += ',';
    list += R"({"path":")" + module.path + R"(","type":")" + module.type + R"("})";
  }
  return list + "]";
}

// The spec of a folder with these modules and files.
Result<ModelSpec> spec_with(const std::vector<Module>& modules, const std::map<std::string, std::string>& files) {
  Folder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", fixture_bytes("folder/model.safetensors"));
  folder.write("modules.json", listed(modules));
  for (const auto& [name, content] : files) folder.write(name, content);
  TRIVIUM_TRY_ASSIGN(const auto file, ModelFile::open(folder.path));
  return spec_of(*file);
}

Error refusal(const std::vector<Module>& modules, const std::map<std::string, std::string>& files) {
  const auto spec = spec_with(modules, files);
  CHECK(!spec.ok());
  if (spec.ok()) return {};
  const Error error = spec.error();
  CHECK(!error.message.empty() && !error.file.empty() && !error.remedy.empty());
  return error;
}

// Of a folder that lists the usual modules.
Result<ModelSpec> spec_of_pooling(const std::string& content) {
  return spec_with({transformer, pooling, normalize}, {{"1_Pooling/config.json", content}});
}

const std::map<std::string, std::string> mean = {{"1_Pooling/config.json", R"({"pooling_mode":"mean"})"}};

}  // namespace

TEST("modules that do something else to vectors are refused by name, however it ends") {
  for (const std::string type : {"sentence_transformers.sparse_encoder.models.SpladePooling", "sentence_transformers.models.WeightedLayerPooling",
                                 "sentence_transformers.models.Dense", "custom_st.Pooling", "Pooling"}) {
    const Error error = refusal({transformer, {type, "1_Pooling"}}, mean);
    CHECK(error.code == ErrorCode::unsupported);
    CHECK_EQ(error.field, "modules.json");
    CHECK_EQ(error.found, type);
  }
  for (const std::string type : {"sentence_transformers.sparse_encoder.models.MLMTransformer", "custom_st.Transformer"})
    CHECK_EQ(refusal({{type, ""}, pooling}, mean).found, type);
  CHECK_EQ(refusal({transformer}, mean).found, "no Pooling");
}

TEST("the class of a module may lie wherever a version of sentence-transformers had it") {
  for (const std::string place : {"models.", "sentence_transformer.modules.pooling.", "sentence_transformer.modules."}) {
    const auto spec = spec_with({transformer, {"sentence_transformers." + place + "Pooling", "1_Pooling"}}, mean);
    CHECK(spec.ok() && !spec->normalize);
  }
}

TEST("a pooling is read where its module says") {
  const Module elsewhere{pooling.type, "pool/of tokens"};
  const auto spec = spec_with({transformer, elsewhere}, {{"pool/of tokens/config.json", R"({"pooling_mode":"cls"})"}, *mean.begin()});
  REQUIRE(spec.ok());
  CHECK(spec->pooling == Pooling::cls);
  const Error absent = refusal({transformer, elsewhere}, mean);
  CHECK(absent.code == ErrorCode::not_found && absent.file.ends_with("pool/of tokens/config.json"));
  CHECK(refusal({transformer, {pooling.type, "../1_Pooling"}}, mean).code == ErrorCode::invalid_argument);
}

TEST("of several poolings the last holds, and unit length only behind it") {
  const std::map<std::string, std::string> files = {*mean.begin(), {"3_Pooling/config.json", R"({"pooling_mode":"cls"})"}};
  const Module last{pooling.type, "3_Pooling"};
  const auto spec = spec_with({transformer, pooling, normalize, last}, files);
  REQUIRE(spec.ok());
  CHECK(spec->pooling == Pooling::cls && !spec->normalize);
  CHECK(spec_with({transformer, last, pooling, normalize}, files)->normalize);
}

TEST("a mode is a text, a list of one, or a flag; several are refused by name") {
  CHECK(spec_of_pooling(R"({"pooling_mode":["cls"]})")->pooling == Pooling::cls);
  CHECK(spec_of_pooling(R"({"pooling_mode":"cls","pooling_mode_mean_tokens":true})")->pooling == Pooling::cls);
  CHECK(spec_of_pooling(R"({"pooling_mode_lasttoken":true,"pooling_mode_mean_tokens":false})")->pooling == Pooling::last);
  CHECK(spec_of_pooling(R"({"word_embedding_dimension":32})")->pooling == Pooling::mean);
  for (const auto& [content, found] : {std::pair{R"({"pooling_mode":["cls","mean"]})", "cls+mean"},
                                       {R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true})", "cls_token+mean_tokens"},
                                       {R"({"pooling_mode":"max"})", "max"}}) {
    const Error error = refusal({transformer, pooling}, {{"1_Pooling/config.json", content}});
    CHECK(error.code == ErrorCode::unsupported);
    CHECK_EQ(error.field, "pooling_mode");
    CHECK_EQ(error.found, found);
  }
}

TEST("what a transformer gives that is no row a token, and unit length of such rows, are refused") {
  auto files = mean;
  files["sentence_bert_config.json"] = R"({"transformer_task":"fill-mask"})";
  CHECK_EQ(refusal({transformer, pooling}, files).field, "transformer_task");
  files["sentence_bert_config.json"] = R"({"transformer_task":"feature-extraction","max_seq_length":12})";
  const auto spec = spec_with({transformer, pooling}, files);
  REQUIRE(spec.ok());
  CHECK_EQ(spec->context, 12);
  files["2_Normalize/config.json"] = R"({"module_input_name":"token_embeddings"})";
  CHECK_EQ(refusal({transformer, pooling, normalize}, files).found, "token_embeddings");
  files["2_Normalize/config.json"] = R"({"module_input_name":"sentence_embedding"})";
  CHECK(spec_with({transformer, pooling, normalize}, files)->normalize);
}
