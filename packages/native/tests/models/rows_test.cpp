// The table of architectures: what is refused and how, and rope scaling by numbers that were worked out by hand.
#include "models/rows.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "check.h"
#include "system.h"

using namespace trivium;

namespace {

// A Hugging Face folder of one config.json, gone with it.
struct Folder {
  std::string path;
  explicit Folder(const std::string& config) {
    static int serial = 0;
    path = (std::filesystem::temp_directory_path() /
            ("trivium-models-" + std::to_string(system_under_test::process_id()) + "-" + std::to_string(serial++))).string();
    std::filesystem::create_directories(path);
    std::ofstream(path + "/config.json") << config;
    const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    const std::uint64_t bytes = header.size();
    std::ofstream file(path + "/model.safetensors", std::ios::binary);
    file.write(reinterpret_cast<const char*>(&bytes), 8).write(header.data(), std::streamsize(bytes)).write("\0\0\0\0", 4);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

Result<ModelSpec> spec_from(const std::string& members) {
  const Folder folder(R"({"hidden_size":64,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":96,"num_hidden_layers":4,)"
                      R"("vocab_size":100,"max_position_embeddings":40960,)" + members + "}");
  auto file = ModelFile::open(folder.path);
  CHECK(file.ok());
  return spec_of(**file);
}

Error refusal(const std::string& members) {
  Result<ModelSpec> spec = spec_from(members);
  CHECK(!spec.ok());
  return spec.ok() ? Error{} : spec.error();
}

}  // namespace

TEST("an unknown architecture is refused by its name, with all that are supported") {
  const Error error = refusal(R"("model_type":"rwkv7")");
  CHECK(error.code == ErrorCode::unsupported);
  CHECK_EQ(error.found, "rwkv7");
  for (const char* name : {"llama", "mistral", "qwen2", "qwen3", "bert"}) CHECK(error.expected.find(name) != std::string::npos);
  CHECK(supported_architectures().size() >= 6);
}

TEST("qwen rows: biases, norms of heads, windows by layer") {
  const auto qwen2 = spec_from(R"("model_type":"qwen2","use_sliding_window":true,"sliding_window":128,"max_window_layers":3)");
  REQUIRE(qwen2.ok());
  const AttentionSpec& first = qwen2->layers[0].attention;
  CHECK(first.bias && !first.output_bias && !first.qk_norm && first.rope.style == RopeStyle::half);
  CHECK_EQ(first.window, 0);
  CHECK_EQ(qwen2->layers[3].attention.window, 128);
  const auto listed = spec_from(R"("model_type":"qwen3","head_dim":24,"use_sliding_window":true,"sliding_window":128,)"
                                R"("layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"])");
  REQUIRE(listed.ok());
  CHECK(listed->layers[0].attention.qk_norm && !listed->layers[0].attention.bias);
  CHECK_EQ(listed->layers[0].attention.head_dim, 24);
  CHECK_EQ(listed->layers[1].attention.window, 0);
  CHECK_EQ(listed->layers[2].attention.window, 128);
  CHECK_EQ(spec_from(R"("model_type":"qwen3","sliding_window":128)")->layers[0].attention.window, 0);  // not in use
  CHECK_EQ(refusal(R"("model_type":"qwen3","use_sliding_window":true,"layer_types":["full_attention"])").field, "layer_types");
}

TEST("YaRN reaches its extended context, as transformers 4 and 5 write it") {
  for (const char* rope : {R"("rope_theta":1000000,"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":32768})",
                           R"("rope_parameters":{"rope_type":"yarn","rope_theta":1000000,"factor":4.0,"original_max_position_embeddings":32768})"}) {
    const auto spec = spec_from(std::string(R"("model_type":"qwen3","head_dim":128,)") + rope);
    REQUIRE(spec.ok());
    const RopeSpec& turned = spec->layers[0].attention.rope;
    CHECK_EQ(spec->context, 131072);
    CHECK_NEAR(turned.attention_scale, 0.1 * std::log(4.0) + 1, 1e-6);
    REQUIRE(turned.inverse_frequencies.size() == 64);
    CHECK_NEAR(turned.inverse_frequencies[0], 1, 1e-7);                                  // turns often: kept
    CHECK_NEAR(turned.inverse_frequencies[63] / (std::pow(1e6, -126.0 / 128) / 4), 1, 1e-6);  // hardly: interpolated
    // The ramp: from floor(64 ln(32768 / 64 pi) / ln 1e6) = 23 to ceil(64 ln(32768 / 2 pi) / ln 1e6) = 40.
    const double kept = std::pow(1e6, -30.0 / 64), share = (30 - 23) / 17.0;
    CHECK_NEAR(turned.inverse_frequencies[30] / (kept * (share / 4 + 1 - share)), 1, 1e-6);
  }
  const auto given = spec_from(R"("model_type":"llama","rope_scaling":{"rope_type":"yarn","factor":2.0,"attention_factor":1.5})");
  REQUIRE(given.ok());
  CHECK_NEAR(given->layers[0].attention.rope.attention_scale, 1.5, 1e-7);
  CHECK_EQ(given->context, 81920);
}

TEST("rope that is no number, or of a kind that is not known, is refused") {
  CHECK_EQ(refusal(R"("model_type":"llama","rope_scaling":{"rope_type":"longrope"})").found, "longrope");
  for (const char* bad : {R"("rope_theta":0)", R"("rope_theta":-5)", R"("rope_scaling":{"type":"linear","factor":0})",
                          R"("rope_scaling":{"type":"yarn","factor":-1})", R"("rope_scaling":{"type":"yarn","factor":4,"beta_fast":0})",
                          R"("rope_theta":1,"rope_scaling":{"type":"yarn","factor":4})",
                          R"("rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":0})"}) {
    const Error error = refusal(std::string(R"("model_type":"llama",)") + bad);
    CHECK(error.code == ErrorCode::bad_format);
    CHECK_EQ(error.field, "rope_parameters");
  }
}
