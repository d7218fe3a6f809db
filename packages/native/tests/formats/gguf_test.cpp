// GGUF as PyPI's `gguf` writes it, and GGUF as nobody should write it.
#include "check.h"
#include "formats/writers.h"
#include "support.h"

using namespace trivium;
using namespace support;

namespace {

void check_error(const Error& error, ErrorCode code, std::string_view field, int line) {
  const bool whole = error.code == code && error.field.find(field) != std::string::npos && !error.file.empty() &&
                     !error.remedy.empty() && !error.expected.empty() && !error.found.empty();
  if (!whole) check::fail(__FILE__, line, "unexpected error: " + error.message + " [" + error.field + "]");
}
#define CHECK_ERROR(error, code, field) check_error(error, ErrorCode::code, field, __LINE__)

Bytes one_tensor(std::uint32_t type, std::vector<std::uint64_t> dims, std::uint64_t offset, int copies = 1) {
  Bytes bytes = gguf_head(static_cast<std::uint64_t>(copies), 0);
  for (int i = 0; i < copies; ++i) {
    bytes.text("w").put(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) bytes.put(dim);
    bytes.put(type).put(offset + static_cast<std::uint64_t>(i) * 64);
  }
  bytes.all.resize((bytes.all.size() + 31) / 32 * 32);
  return bytes;
}
std::string with_data(Bytes bytes, std::size_t data) { return bytes.all + std::string(data, '\0'); }

}  // namespace

TEST("every metadata type and dtype of the reference writer is read") {
  auto opened = ModelFile::open(fixture("tiny.gguf"));
  REQUIRE(opened.ok());
  const ModelFile& model = **opened;
  const Metadata& metadata = model.metadata();
  CHECK(model.container() == ModelFile::Container::gguf);
  CHECK_EQ(*metadata.string("general.architecture"), "llama");
  CHECK(metadata.integer("test.uint8") == 200 && metadata.integer("test.int8") == -100);
  CHECK(metadata.integer("test.uint16") == 60000 && metadata.integer("test.int16") == -30000);
  CHECK(metadata.integer("test.uint32") == 4000000000 && metadata.integer("test.int32") == -2000000000);
  CHECK(!metadata.integer("test.uint64") && metadata.integer("test.int64") == -(std::int64_t{1} << 62));
  CHECK(metadata.number("test.float32") == 0.15625 && metadata.number("test.float64") == 0.1);
  CHECK(metadata.boolean("test.bool") == true);
  CHECK_EQ(*metadata.string("test.string"), "三 trivium");
  CHECK(*metadata.strings("test.strings") == std::vector<std::string>({"<s>", "", "Ġa"}));
  CHECK(*metadata.integers("test.integers") == std::vector<std::int64_t>({1, -2, 3}));
  CHECK(*metadata.numbers("test.floats") == std::vector<double>({0.5, -0.25}));
  CHECK(metadata.strings("test.floats") == nullptr && metadata.find("none") == nullptr);
  for (const char* name : {"f32", "f16", "bf16"}) {
    const TensorEntry* entry = model.find(name);
    REQUIRE(entry != nullptr);
    auto values = model.read_f32(*entry);
    REQUIRE(values.ok());
    int wrong = 0;
    for (std::size_t i = 0; i < values->size(); ++i) wrong += (*values)[i] != value(i);
    CHECK_EQ(wrong, 0);
  }
  CHECK(model.find("f16")->shape == (Shape{{2, 3, 4, 1}, 3}));
  CHECK_NEAR((*model.read_f32(*model.find("q8_0")))[5], value(5), 0.02);
  CHECK_NEAR((*model.read_f32(*model.find("q4_0")))[5], value(5), 0.3);
  CHECK_EQ((*model.read_f32(*model.find("i32")))[4], 4);
  CHECK(model.find("position_ids") == nullptr);
  REQUIRE(model.skipped().size() == 1);
  CHECK_EQ(model.skipped()[0].type, "I64");
  float rows[10];
  REQUIRE(model.read_rows(*model.find("f32"), 1, 2, reinterpret_cast<std::byte*>(rows)).ok());
  CHECK_EQ(rows[0], value(5));
  CHECK(!model.read_rows(*model.find("f32"), 2, 2, reinterpret_cast<std::byte*>(rows)).ok());
  CHECK(!model.read_rows(*model.find("f32"), -1, 1, reinterpret_cast<std::byte*>(rows)).ok());
  CHECK(model.read_text("tokenizer.json").error().code == ErrorCode::not_found);
}

TEST("a split model is read from its first part only") {
  auto opened = ModelFile::open(fixture("split-00001-of-00003.gguf"));
  REQUIRE(opened.ok());
  CHECK_EQ((*opened)->parts().size(), std::size_t{3});
  REQUIRE((*opened)->tensors().size() == 5);
  CHECK_EQ((*(*opened)->read_f32(*(*opened)->find("t4")))[1], value(1) + 4);
  CHECK_ERROR(ModelFile::open(fixture("split-00002-of-00003.gguf")).error(), unsupported, "split.no");
  Folder folder;
  const std::string first = folder.write("m-00001-of-00003.gguf", fixture_bytes("split-00001-of-00003.gguf"));
  CHECK(ModelFile::open(first).error().code == ErrorCode::not_found);
  CHECK(ModelFile::open(first).error().file.ends_with("m-00002-of-00003.gguf"));
  folder.write("m-00002-of-00003.gguf", fixture_bytes("split-00003-of-00003.gguf"));
  CHECK_ERROR(ModelFile::open(first).error(), bad_format, "split.no");
  CHECK_ERROR(error_of("other.gguf", fixture_bytes("split-00001-of-00003.gguf")), bad_format, "split.count");
}

TEST("a type that is not read is named with its remedy") {
  const auto opened = ModelFile::open(fixture("q2_k.gguf"));
  REQUIRE(!opened.ok());
  CHECK_ERROR(opened.error(), unsupported, "blk.0.attn_q.weight");
  CHECK(opened.error().message.find("is stored as Q2_K, which this version does not read") != std::string::npos);
}

TEST("header and metadata that lie") {
  CHECK_ERROR(error_of("m.gguf", "<html>no model</html>"), bad_format, "magic");
  CHECK_ERROR(error_of("m.gguf", gguf_head(0, 0, 1).all), unsupported, "version");
  CHECK_ERROR(error_of("m.gguf", gguf_head(0, 0, 0x03000000).all), unsupported, "version");
  CHECK_ERROR(error_of("m.gguf", "GGUF"), bad_format, "version");
  CHECK_ERROR(error_of("m.gguf", gguf_head(std::uint64_t{1} << 60, 0).all), bad_format, "tensor count");
  CHECK_ERROR(error_of("m.gguf", gguf_head(0, std::uint64_t{1} << 60).all), bad_format, "metadata count");
  const auto pair = [](std::uint32_t type) { return gguf_head(0, 1).text("k").put(type); };
  CHECK_ERROR(error_of("m.gguf", pair(8).put(~std::uint64_t{0}).all), bad_format, "k");
  CHECK_ERROR(error_of("m.gguf", pair(13).put<std::uint64_t>(0).all), bad_format, "k");
  CHECK_ERROR(error_of("m.gguf", pair(7).put<std::uint8_t>(2).all), bad_format, "k");
  CHECK_ERROR(error_of("m.gguf", pair(9).put<std::uint32_t>(6).put(std::uint64_t{1} << 62).all), bad_format, "k");
  CHECK_ERROR(error_of("m.gguf", pair(9).put<std::uint32_t>(9).put<std::uint64_t>(1).all + std::string(99, '\0')), unsupported, "k");
  CHECK_ERROR(error_of("m.gguf", pair(9).put<std::uint32_t>(77).put<std::uint64_t>(1).all), bad_format, "k");
  Bytes twice = gguf_head(0, 2);
  for (int i = 0; i < 2; ++i) twice.text("k").put<std::uint32_t>(7).put<std::uint8_t>(1);
  CHECK_ERROR(error_of("m.gguf", twice.all), bad_format, "k");
  const auto aligned = [](std::uint32_t to) { return gguf_head(0, 1).text("general.alignment").put<std::uint32_t>(4).put(to); };
  CHECK_ERROR(error_of("m.gguf", aligned(0).all), bad_format, "general.alignment");
  CHECK_ERROR(error_of("m.gguf", aligned(48).all), bad_format, "general.alignment");
  CHECK_EQ(error_of("m.gguf", aligned(64).all).message, "");
}

TEST("tensor tables that lie") {
  CHECK_EQ(error_of("m.gguf", with_data(one_tensor(0, {8, 2}, 0), 64)).message, "");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {8, 2}, 0), 63)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {8, 2}, 4), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {8, 2}, ~std::uint64_t{31}), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {1, 1, 1, 1, 1}, 0), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {0}, 0), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {1ull << 32, 1ull << 32}, 0), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(27, {1ull << 31, 1ull << 31}, 0), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(8, {33}, 0), 128)), bad_format, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(1000, {8}, 0), 128)), unsupported, "w");
  CHECK_ERROR(error_of("m.gguf", with_data(one_tensor(0, {8, 2}, 0, 2), 128)), bad_format, "w");  // one name twice
  Bytes shared = gguf_head(2, 0);
  for (const char* name : {"a", "b"}) shared.text(name).put<std::uint32_t>(1).put<std::uint64_t>(8).put<std::uint32_t>(0).put<std::uint64_t>(0);
  shared.all.resize(96);
  CHECK_ERROR(error_of("m.gguf", shared.all + std::string(64, '\0')), bad_format, "");
}

TEST("every truncation is an error, and none is anything worse") {
  const std::string whole = fixture_bytes("tiny.gguf");
  Folder folder;
  int opened = 0;
  for (std::size_t length = 0; length < whole.size() - 32; ++length) {
    opened += ModelFile::open(folder.write("m.gguf", whole.substr(0, length))).ok();
  }
  CHECK_EQ(opened, 0);
}

TEST("a file cut while it is open is an io error") {
  Folder folder;
  const std::string path = folder.write("m.gguf", fixture_bytes("tiny.gguf"));
  auto opened = ModelFile::open(path);
  REQUIRE(opened.ok());
  std::filesystem::resize_file(path, 1000);
  const auto values = (*opened)->read_f32(*(*opened)->find("i32"));
  REQUIRE(!values.ok());
  CHECK(values.error().code == ErrorCode::io);
  CHECK_EQ(values.error().file, path);
  CHECK_EQ(values.error().field, "i32");
}
