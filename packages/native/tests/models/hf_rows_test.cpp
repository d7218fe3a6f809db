// What a Hugging Face folder's words mean, absent ones too, as transformers reads them; and what it may not say: each
// refusal names the file, the field, what was found and expected, a remedy.
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

// The spec of a folder with this config.json and perhaps one more file.
Result<ModelSpec> spec_with(const std::string& config, const Text& more = {}) {
  Folder folder;
  folder.write("config.json", "{" + config + "}");
  folder.write("model.safetensors", fixture_bytes("folder/model.safetensors"));
  if (!more.name.empty()) folder.write(more.name, more.content);
  TRIVIUM_TRY_ASSIGN(const auto file, ModelFile::open(folder.path));
  return spec_of(*file);
}

// The error of such a folder; an empty one when it is taken.
Error refusal(const std::string& config, const Text& more = {}) {
  const auto spec = spec_with(config, more);
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

TEST("rope_scaling goes before rope_parameters, whose base goes with it") {
  const std::string linear = R"("rope_scaling":{"type":"linear","factor":2})";
  const std::string parameters = R"("rope_parameters":{"rope_type":"default","rope_theta":500000})";
  const auto same = [](const std::string& config, const std::string& other) {
    const auto a = spec_with(llama + "," + config), b = spec_with(llama + "," + other);
    return a.ok() && b.ok() && a->layers[0].attention.rope.inverse_frequencies == b->layers[0].attention.rope.inverse_frequencies;
  };
  CHECK(same(linear + "," + parameters, linear));
  CHECK(same(linear + "," + parameters + R"(,"rope_theta":300)", linear + R"(,"rope_theta":300)"));
  CHECK(same(R"("rope_scaling":{"type":"linear","factor":2,"rope_theta":300},)" + parameters, linear + R"(,"rope_theta":300)"));
  CHECK(same(R"("rope_scaling":null,)" + parameters, parameters) && same(R"("rope_scaling":{},)" + parameters, parameters));
  CHECK(!same(parameters, linear));
}

TEST("an original context beside the scaling goes before the one in it, for llama3 as for yarn") {
  for (const std::string kind : {R"("rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4)",
                                 R"("rope_type":"yarn","factor":8)"}) {
    const auto frequencies = [&](const std::string& inside, const std::string& beside) {
      const auto spec = spec_with(llama + R"(,"max_position_embeddings":512,"rope_scaling":{)" + kind + inside + "}" + beside);
      CHECK(spec.ok());
      return spec.ok() ? spec->layers[0].attention.rope.inverse_frequencies : std::vector<float>();
    };
    const std::string small = R"(,"original_max_position_embeddings":32)", large = R"(,"original_max_position_embeddings":256)";
    CHECK(frequencies(large, small) == frequencies(small, ""));
    CHECK(frequencies("", small) == frequencies(small, ""));
    CHECK(frequencies(large, "") != frequencies(small, ""));
  }
}

TEST("windows that a config does not speak of are those of transformers, and null is none") {
  const auto windows = [](const std::string& family, int layers, const std::string& more) {
    const auto spec = spec_with(R"("model_type":")" + family + R"(","hidden_size":64,"vocab_size":128,"num_attention_heads":4,)" +
                                R"("intermediate_size":96,"num_hidden_layers":)" + std::to_string(layers) + more);
    CHECK(spec.ok());
    std::vector<int> found;
    if (spec.ok())
      for (const LayerSpec& layer : spec->layers) found.push_back(layer.attention.window);
    return found;
  };
  const std::vector<int> none{0, 0};
  CHECK((windows("mistral", 2, "") == std::vector<int>{4096, 4096}));
  CHECK((windows("mistral", 2, R"(,"sliding_window":20)") == std::vector<int>{20, 20}));
  CHECK(windows("mistral", 2, R"(,"sliding_window":null)") == none);
  CHECK(windows("llama", 2, "") == none);
  for (const std::string family : {"qwen2", "qwen3"}) {
    const std::string used = R"(,"use_sliding_window":true)";
    CHECK(windows(family, 2, R"(,"sliding_window":20,"max_window_layers":0)") == none);
    CHECK(windows(family, 2, used + R"(,"sliding_window":20)") == none);
    const std::vector<int> deep = windows(family, 30, used + R"(,"sliding_window":20)");
    REQUIRE(deep.size() == 30);
    CHECK(deep[27] == 0 && deep[28] == 20 && deep[29] == 20);
    CHECK((windows(family, 2, used + R"(,"max_window_layers":1)") == std::vector<int>{0, 4096}));
    CHECK(windows(family, 2, used + R"(,"max_window_layers":1,"sliding_window":null)") == none);
    CHECK((windows(family, 2, used + R"(,"layer_types":["sliding_attention","full_attention"])") == std::vector<int>{4096, 0}));
  }
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

TEST("prompts are part of the mean unless the folder says otherwise; other poolings do not ask") {
  const auto pools_prompts = [](const std::string& pooling) {
    return spec_with(bert, {"1_Pooling/config.json", pooling}).value().pools_prompts;
  };
  CHECK(pools_prompts(R"({"pooling_mode":"mean"})"));
  CHECK(pools_prompts(R"({"pooling_mode":"mean","include_prompt":true})"));
  CHECK(!pools_prompts(R"({"pooling_mode_mean_tokens":true,"include_prompt":false})"));
  CHECK(pools_prompts(R"({"pooling_mode":"cls","include_prompt":false})"));
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
