// What GGUF's own words for an architecture may say, and how the engine names what they may not.
#include <filesystem>

#include "check.h"
#include "formats/writers.h"
#include "models/spec.h"
#include "system.h"

using namespace trivium;

namespace {

// The spec of a llama of one head of 16 channels in which one key says something else.
Result<ModelSpec> spec_with(const std::string& key, MetadataValue value) {
  Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  for (const auto& [name, number] : std::vector<std::pair<std::string, std::int64_t>>{
           {"block_count", 1}, {"embedding_length", 16}, {"context_length", 64}, {"feed_forward_length", 16}, {"attention.head_count", 1}})
    metadata.set("llama." + name, number);
  metadata.set("llama." + key, std::move(value));
  static const std::vector<std::byte> zeros(4 * 16 * sizeof(float));
  const std::string path = (std::filesystem::temp_directory_path() / ("trivium-rows-" + std::to_string(system_under_test::process_id()) + ".gguf")).string();
  CHECK(write_gguf(path, metadata, {{"token_embd.weight", {DType::f32, Shape::of(4, 16), zeros.data(), zeros.size()}}}).ok());
  auto file = ModelFile::open(path);
  std::filesystem::remove(path);
  CHECK(file.ok());
  return spec_of(**file);
}

}  // namespace

TEST("channels turn in pairs: an odd rope.dimension_count is refused by its key") {
  CHECK(spec_with("rope.dimension_count", std::int64_t{8}).ok());
  const auto odd = spec_with("rope.dimension_count", std::int64_t{15});
  REQUIRE(!odd.ok());
  CHECK(odd.error().code == ErrorCode::bad_format);
  CHECK_EQ(odd.error().field, "llama.rope.dimension_count");
  CHECK_EQ(odd.error().found, "15");
  CHECK(odd.error().expected.find("even") != std::string::npos && !odd.error().remedy.empty());
}
