// What GGUF's own words for an architecture may say, and how the engine names what they may not.
#include <filesystem>
#include <optional>

#include "check.h"
#include "formats/writers.h"
#include "models/spec.h"
#include "system.h"

using namespace trivium;

namespace {

Result<ModelSpec> spec_in(const Metadata& metadata, const std::vector<TensorToWrite>& tensors) {
  const std::string path = (std::filesystem::temp_directory_path() / ("trivium-rows-" + std::to_string(system_under_test::process_id()) + ".gguf")).string();
  CHECK(write_gguf(path, metadata, tensors).ok());
  auto file = ModelFile::open(path);
  std::filesystem::remove(path);
  CHECK(file.ok());
  return spec_of(**file);
}

// The spec of a llama of one head of 16 channels with these keys besides, or instead of its own.
Result<ModelSpec> spec_with(const std::vector<std::pair<std::string, MetadataValue>>& more) {
  Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  for (const auto& [name, number] : std::vector<std::pair<std::string, std::int64_t>>{
           {"block_count", 1}, {"embedding_length", 16}, {"context_length", 64}, {"feed_forward_length", 16}, {"attention.head_count", 1}})
    metadata.set("llama." + name, number);
  for (const auto& [key, value] : more) metadata.set("llama." + key, value);
  static const std::vector<std::byte> zeros(4 * 16 * sizeof(float));
  return spec_in(metadata, {{"token_embd.weight", {DType::f32, Shape::of(4, 16), zeros.data(), zeros.size()}}});
}

// The spec of a bert whose pooling is rank, with a head of so many labels and perhaps a pooler before it.
Result<ModelSpec> ranker(std::int64_t labels, bool pooler, std::optional<std::int64_t> pooling = 4) {
  Metadata metadata;
  metadata.set("general.architecture", std::string("bert"));
  for (const auto& [name, number] : std::vector<std::pair<std::string, std::int64_t>>{
           {"block_count", 1}, {"embedding_length", 16}, {"context_length", 64}, {"feed_forward_length", 16}, {"attention.head_count", 1}})
    metadata.set("bert." + name, number);
  if (pooling) metadata.set("bert.pooling_type", *pooling);
  static const std::vector<std::byte> zeros(16 * 16 * sizeof(float));
  const auto matrix = [&](std::int64_t rows) { return TensorView{DType::f32, Shape::of(rows, 16), zeros.data(), std::size_t(rows) * 16 * 4}; };
  std::vector<TensorToWrite> tensors{{"token_embd.weight", matrix(4)}, {"token_types.weight", matrix(5)}, {"cls.output.weight", matrix(labels)}};
  if (pooler) tensors.push_back({"cls.weight", matrix(16)});
  return spec_in(metadata, tensors);
}

}  // namespace

TEST("a head of one label makes a cross-encoder, on the first token or on the mean, with a pooler where the file has one") {
  const auto plain = ranker(1, false), pooled = ranker(1, true), several = ranker(3, true);
  REQUIRE(plain.ok() && pooled.ok());
  CHECK(ranker(1, false, std::nullopt)->kind == ModelKind::cross_encoder);
  CHECK(plain->pooling == Pooling::cls);
  const auto mean = ranker(1, true, 1);
  CHECK(mean->kind == ModelKind::cross_encoder && mean->pooling == Pooling::mean && !mean->normalize);
  CHECK(plain->kind == ModelKind::cross_encoder && !plain->head.pooler && pooled->head.pooler && !plain->normalize);
  CHECK_EQ(plain->head.scores, 1);
  CHECK_EQ(plain->embedding.types, 5);
  REQUIRE(!several.ok());
  CHECK(several.error().code == ErrorCode::unsupported && !several.error().remedy.empty());
  CHECK_EQ(several.error().found, "3 labels");
}

TEST("channels turn in pairs: an odd rope.dimension_count is refused by its key") {
  CHECK(spec_with({{"rope.dimension_count", std::int64_t{8}}}).ok());
  const auto odd = spec_with({{"rope.dimension_count", std::int64_t{15}}});
  REQUIRE(!odd.ok());
  CHECK(odd.error().code == ErrorCode::bad_format);
  CHECK_EQ(odd.error().field, "llama.rope.dimension_count");
  CHECK_EQ(odd.error().found, "15");
  CHECK(odd.error().expected.find("even") != std::string::npos && !odd.error().remedy.empty());
}

TEST("rope scaling is linear where no type is said, by rope.scale_linear where no factor is, and 0 is no factor") {
  const auto frequencies = [](const std::vector<std::pair<std::string, MetadataValue>>& more) {
    const auto spec = spec_with(more);
    CHECK(spec.ok());
    return spec.ok() ? spec->layers[0].attention.rope.inverse_frequencies : std::vector<float>();
  };
  const std::string linear = "linear", none = "none";
  const std::vector<float> plain = frequencies({});
  std::vector<float> quarter = plain;
  for (float& frequency : quarter) frequency /= 4;
  CHECK(frequencies({{"rope.scaling.type", linear}, {"rope.scaling.factor", 4.0}}) == quarter);
  CHECK(frequencies({{"rope.scaling.factor", 4.0}}) == quarter);
  CHECK(frequencies({{"rope.scale_linear", 4.0}}) == quarter);
  CHECK(frequencies({{"rope.scaling.type", linear}, {"rope.scale_linear", 4.0}}) == quarter);
  CHECK(frequencies({{"rope.scale_linear", 2.0}, {"rope.scaling.factor", 4.0}}) == quarter);
  CHECK(frequencies({{"rope.scaling.type", none}, {"rope.scaling.factor", 4.0}}) == plain);
  CHECK(frequencies({{"rope.scale_linear", 4.0}, {"rope.scaling.factor", 0.0}}) == plain);
  CHECK(frequencies({{"rope.scale_linear", 0.0}}) == plain);
  CHECK(!spec_with({{"rope.scale_linear", -4.0}}).ok());
}

TEST("a mixture of experts is refused by its key, and none is none") {
  CHECK(spec_with({{"expert_count", std::int64_t{0}}}).ok());
  const auto experts = spec_with({{"expert_count", std::int64_t{8}}, {"expert_used_count", std::int64_t{2}}});
  REQUIRE(!experts.ok());
  CHECK(experts.error().code == ErrorCode::unsupported && !experts.error().remedy.empty() && !experts.error().file.empty());
  CHECK_EQ(experts.error().field, "llama.expert_count");
  CHECK_EQ(experts.error().found, "8");
}
