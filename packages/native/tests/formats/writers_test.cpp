#include "formats/writers.h"

#include <utility>

#include "check.h"
#include "support.h"
#include "system.h"
#include "tensor/codecs.h"

using namespace trivium;
using namespace support;

namespace {

struct Owned {
  std::vector<std::byte> bytes;
  TensorToWrite tensor;
  Owned(std::string name, DType dtype, Shape shape) {
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = dtype == DType::i32 ? static_cast<float>(i) : value(i);
    bytes.resize(row_bytes(dtype, shape.elements()));
    encode_row(dtype, values.data(), bytes.data(), values.size());
    tensor = {std::move(name), {dtype, shape, bytes.data(), bytes.size()}};
  }
};

void check_same(const ModelFile& model, const Owned& written) {
  const TensorEntry* entry = model.find(written.tensor.name);
  REQUIRE(entry != nullptr);
  CHECK(entry->dtype == written.tensor.view.dtype && entry->shape == written.tensor.view.shape);
  std::vector<std::byte> bytes(written.bytes.size());
  REQUIRE(model.read_rows(*entry, 0, entry->shape.rows(), bytes.data()).ok());
  CHECK(bytes == written.bytes);
}

std::vector<Owned> samples(bool blocks) {
  std::vector<Owned> all;
  all.emplace_back("half \"quoted\" 三", DType::f16, Shape::of(3));
  all.emplace_back("plain", DType::f32, Shape::of(3, 5));
  all.emplace_back("brain", DType::bf16, Shape::of(2, 7));
  all.emplace_back("ids", DType::i32, Shape::of(5));
  all.emplace_back("cube", DType::f32, Shape{{2, 3, 4, 5}, 4});
  if (blocks) all.emplace_back("q8", DType::q8_0, Shape::of(3, 64));
  if (blocks) all.emplace_back("q4", DType::q4_0, Shape::of(2, 32));
  return all;
}

std::vector<TensorToWrite> tensors_of(const std::vector<Owned>& owned) {
  std::vector<TensorToWrite> tensors;
  for (const Owned& one : owned) tensors.push_back(one.tensor);
  return tensors;
}

}  // namespace

TEST("GGUF: what is written is read, metadata and bytes") {
  Folder folder;
  Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  metadata.set("count", std::int64_t{12});
  metadata.set("negative", std::int64_t{-5});
  metadata.set("large", std::uint64_t{1} << 40);
  metadata.set("epsilon", 1e-5);
  metadata.set("flag", true);
  metadata.set("general.alignment", std::int64_t{64});
  const auto array = [](auto values) { return std::shared_ptr<const GgufArray>(std::make_shared<GgufArray>(GgufArray{values})); };
  metadata.set("tokens", array(std::vector<std::string>{"a", "", "三"}));
  metadata.set("types", array(std::vector<std::int64_t>{1, -2}));
  metadata.set("scores", array(std::vector<double>{0.5, -1e30}));
  metadata.set("bits", array(std::vector<bool>{true, false}));
  const auto owned = samples(true);
  const std::string path = folder.path + "/m.gguf";
  REQUIRE(write_gguf(path, metadata, tensors_of(owned)).ok());
  auto opened = ModelFile::open(path);
  REQUIRE(opened.ok());
  const Metadata& read = (*opened)->metadata();
  CHECK_EQ(read.entries().size(), metadata.entries().size());
  CHECK(read.integer("count") == 12 && read.integer("negative") == -5 && read.integer("large") == std::int64_t{1} << 40);
  CHECK_EQ(*read.number("epsilon"), static_cast<double>(1e-5f));
  CHECK(read.boolean("flag") == true && *read.string("general.architecture") == "llama");
  CHECK_EQ((*read.strings("tokens"))[2], "三");
  CHECK(*read.integers("types") == std::vector<std::int64_t>({1, -2}));
  CHECK_EQ((*read.numbers("scores"))[0], 0.5);
  for (const Owned& one : owned) {
    check_same(**opened, one);
    CHECK_EQ((*opened)->find(one.tensor.name)->offset % 64, std::uint64_t{0});
  }
}

TEST("safetensors: what is written is read, and stays aligned") {
  Folder folder;
  const auto owned = samples(false);
  const std::string path = folder.path + "/m.safetensors";
  REQUIRE(write_safetensors(path, tensors_of(owned), {{"format", "pt"}, {"note", "line\n\"two\""}}).ok());
  {
    auto opened = ModelFile::open(path);
    REQUIRE(opened.ok());
    for (const Owned& one : owned) {
      check_same(**opened, one);
      const std::size_t element = info(one.tensor.view.dtype).block_bytes;
      CHECK_EQ((*opened)->find(one.tensor.name)->offset % element, std::uint64_t{0});
    }
  }
  // Windows replaces no file that is open.
  REQUIRE(write_safetensors(path, {}, {}).ok());
  CHECK(ModelFile::open(path).ok());
}

TEST("writers refuse what no reader would take, before they touch the disk") {
  Folder folder;
  Owned good("w", DType::f32, Shape::of(4));
  const std::string path = folder.path + "/m.gguf";
  const auto refused = [&](const std::vector<TensorToWrite>& tensors) {
    const Status status = write_gguf(path, {}, tensors);
    return !status.ok() && status.error().code == ErrorCode::invalid_argument;
  };
  CHECK(refused({good.tensor, good.tensor}));
  TensorToWrite bad = good.tensor;
  bad.view.bytes = 12;
  CHECK(refused({bad}));
  bad = good.tensor;
  bad.name = "";
  CHECK(refused({bad}));
  bad = good.tensor;
  bad.view.dtype = DType::q8_0;
  CHECK(refused({bad}));
  Owned block("q", DType::q8_0, Shape::of(32));
  CHECK(write_safetensors(path, {block.tensor}, {}).error().code == ErrorCode::unsupported);
  Metadata metadata;
  metadata.set("general.alignment", std::int64_t{48});
  CHECK(!write_gguf(path, metadata, {good.tensor}).ok());
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST("a full disk leaves the model that was there") {
  Folder folder;
  const std::string path = folder.path + "/m.gguf";
  Owned small("w", DType::f32, Shape::of(4)), large("w", DType::f32, Shape::of(64, 64));
  REQUIRE(write_gguf(path, {}, {small.tensor}).ok());
  const auto [gguf, safetensors] = [&] {
    system_under_test::FullDisk disk(4096);
    return std::pair{write_gguf(path, {}, {large.tensor}), write_safetensors(path, {large.tensor}, {})};
  }();
  CHECK(!gguf.ok() && gguf.error().code == ErrorCode::io && !gguf.error().remedy.empty());
  CHECK(!safetensors.ok() && safetensors.error().code == ErrorCode::io);
  auto opened = ModelFile::open(path);
  REQUIRE(opened.ok());
  check_same(**opened, small);
  CHECK_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1);
}
