#include "check.h"
#include "support.h"

using namespace trivium;
using namespace support;

namespace {

Error error_of_header(const std::string& header, std::size_t data = 8) {
  return error_of("m.safetensors", safetensors(header, data));
}
bool refused(const std::string& header, ErrorCode code = ErrorCode::bad_format, std::size_t data = 8) {
  const Error error = error_of_header(header, data);
  return error.code == code && !error.file.empty() && !error.remedy.empty() && !error.field.empty();
}

}  // namespace

TEST("a Hugging Face folder of the reference writer is read") {
  auto opened = ModelFile::open(fixture("folder"));
  REQUIRE(opened.ok());
  const ModelFile& model = **opened;
  CHECK(model.container() == ModelFile::Container::hugging_face);
  CHECK_EQ(model.config().string_or("model_type", ""), "bert");
  for (const char* name : {"f32", "f16", "bf16"}) {
    REQUIRE(model.find(name) != nullptr);
    auto values = model.read_f32(*model.find(name));
    REQUIRE(values.ok());
    int wrong = 0;
    for (std::size_t i = 0; i < values->size(); ++i) wrong += (*values)[i] != value(i);
    CHECK_EQ(wrong, 0);
  }
  CHECK_EQ((*model.read_f32(*model.find("scalar")))[0], 2.5f);
  CHECK(model.find("embeddings.position_ids") == nullptr);
  CHECK_EQ(model.skipped().size(), std::size_t{2});
  CHECK(model.read_text("1_Pooling/config.json").ok());
  CHECK(model.read_text("tokenizer.json").error().code == ErrorCode::not_found);
  for (const char* name : {"../folder/config.json", "/etc/hostname", "a/../../b", "", "a//b", "./config.json"}) {
    CHECK(model.read_text(name).error().code == ErrorCode::invalid_argument);
  }
  CHECK(ModelFile::open(fixture("folder") + "/").ok());
  auto single = ModelFile::open(fixture("folder/model.safetensors"));
  REQUIRE(single.ok());
  CHECK_EQ((*single)->config().string_or("model_type", ""), "bert");
}

TEST("shards are found through the index, and only inside the folder") {
  auto opened = ModelFile::open(fixture("sharded"));
  REQUIRE(opened.ok());
  CHECK_EQ((*opened)->parts().size(), std::size_t{2});
  CHECK_EQ((*(*opened)->read_f32(*(*opened)->find("b")))[3], value(3));
  const std::string index = "model.safetensors.index.json";
  for (const char* map : {R"({"weight_map":{"a":"../x.safetensors"}})", R"({"weight_map":{"a":"/x.safetensors"}})",
                          R"({"weight_map":{"a":1}})", R"({"weight_map":{}})", R"([])"}) {
    Folder folder;
    folder.write("config.json", "{}");
    folder.write(index, map);
    const auto refused = ModelFile::open(folder.path);
    CHECK(!refused.ok() && refused.error().code == ErrorCode::bad_format && refused.error().file == folder.path + "/" + index);
  }
  Folder folder;
  folder.write("config.json", "{}");
  folder.write("s.safetensors", safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
  folder.write(index, R"({"weight_map":{"b":"s.safetensors"}})");
  CHECK_EQ(ModelFile::open(folder.path).error().field, "b");
  folder.write(index, R"({"weight_map":{"a":"none.safetensors"}})");
  CHECK(ModelFile::open(folder.path).error().code == ErrorCode::not_found);
}

TEST("folders that lack something say what") {
  Folder folder;
  CHECK_EQ(ModelFile::open(folder.path).error().field, "config.json");
  folder.write("config.json", "{\"a\": }");
  CHECK_EQ(ModelFile::open(folder.path).error().field, "line 1:7");
  folder.write("config.json", "{}");
  CHECK_EQ(ModelFile::open(folder.path).error().field, "model.safetensors");
  folder.write("pytorch_model.bin", "x");
  CHECK(ModelFile::open(folder.path).error().remedy.find("safetensors") != std::string::npos);
  CHECK(ModelFile::open(folder.path + "/none").error().code == ErrorCode::not_found);
  CHECK(error_of("notes.txt", "hello").code == ErrorCode::unsupported);
}

TEST("headers that lie") {
  CHECK_EQ(error_of_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})").message, "");
  CHECK_EQ(error_of_header(R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   )").message, "");
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", ErrorCode::bad_format, 9));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", ErrorCode::bad_format, 7));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"));
  CHECK(refused(R"({"a":{"shape":[2],"data_offsets":[0,8]}})"));
  CHECK(refused(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})"));
  CHECK(refused(R"({"a":5})"));
  CHECK(refused(R"({"":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"));
  CHECK(refused(R"({"__metadata__":[1]})"));
  CHECK(refused(R"([])"));
  CHECK(refused(R"({"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", ErrorCode::unsupported));
  CHECK(refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"));
  CHECK(error_of("m.safetensors", Bytes().put(std::uint64_t{1} << 40).all).code == ErrorCode::bad_format);
  CHECK(error_of("m.safetensors", "abc").code == ErrorCode::bad_format);
}

TEST("every truncation of safetensors is an error") {
  const std::string whole = fixture_bytes("folder/model.safetensors");
  Folder folder;
  int opened = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    opened += ModelFile::open(folder.write("m.safetensors", whole.substr(0, length))).ok();
  }
  CHECK_EQ(opened, 0);
}
