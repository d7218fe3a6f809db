// What is said of a model without loading it: supported exactly where its weights are there to be loaded, and else which
// field or tensor is in the way.
#include "models/model_plan.h"

#include <filesystem>

#include "check.h"
#include "formats/support.h"
#include "formats/writers.h"
#include "models/describe.h"

using namespace trivium;
using namespace support;

namespace {

const std::string parity = std::string(TRIVIUM_FIXTURES) + "/parity";
const std::string query = R"("model.layers.0.self_attn.q_proj.weight":{"dtype":"F32","shape":[48,48])";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  CHECK(at != std::string::npos);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Why a small llama is not supported whose config.json begins with these members, and whose header of tensors says `as` of
// the first query projection; an empty error when it is.
Error refusal(const std::string& members, const std::string& as = query) {
  const std::string source = parity + "/llama-grouped-tied/";
  Folder folder;
  folder.write("config.json", replaced(*read_file(source + "config.json", 1 << 20), "{", "{" + members));
  const std::string bytes = *read_file(source + "model.safetensors", 1 << 24);
  const std::size_t length = std::uint64_t(static_cast<unsigned char>(bytes[0])) | std::uint64_t(static_cast<unsigned char>(bytes[1])) << 8;
  const std::string header = replaced(bytes.substr(8, length), query, as);
  folder.write("model.safetensors", Bytes().put<std::uint64_t>(header.size()).all + header + bytes.substr(8 + length));
  const auto inspection = inspect(**ModelFile::open(folder.path));
  CHECK(inspection.ok());
  return inspection.ok() && inspection->refusal ? *inspection->refusal : Error{};
}

bool says(const Error& error, const std::string& text) { return error.message.find(text) != std::string::npos; }

}  // namespace

TEST("every model that is read is found to be supported") {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(parity)) {
    if (entry.path().filename() == "expected.json") continue;
    const auto inspection = inspect(**ModelFile::open(entry.path().string()));
    CHECK(inspection.ok() && !inspection->refusal);
    ++models;
  }
  CHECK(models > 20);
  CHECK_EQ(refusal("").message, "");
}

TEST("weights of a quantizer are refused by the field that names it") {
  for (const std::string method : {"awq", "gptq", "bitsandbytes", "compressed-tensors"}) {
    const Error error = refusal(R"("quantization_config":{"quant_method":")" + method + R"(","bits":4},)");
    CHECK(error.code == ErrorCode::unsupported && says(error, method));
    CHECK_EQ(error.field, "config.json: quantization_config");
    CHECK_EQ(error.found, method);
    CHECK(!error.file.empty() && !error.expected.empty() && !error.remedy.empty());
  }
  CHECK_EQ(refusal(R"("quantization_config":null,)").message, "");
  CHECK_EQ(refusal(R"("quantization_config":{},)").message, "");
}

TEST("a weight in a form that is not read is named with its type; one that is missing is a damaged file") {
  const std::string weight = R"("model.layers.0.self_attn.q_proj.weight":)", packed = R"("model.layers.0.self_attn.q_proj.qweight":)";
  for (const auto& [as, found] : {std::pair{weight + R"({"dtype":"U8","shape":[48,192])", "U8"},
                                  {weight + R"({"dtype":"I32","shape":[48,48])", "I32"},
                                  {packed + R"({"dtype":"I32","shape":[48,48])", "I32"},
                                  {packed + R"({"dtype":"I8","shape":[9216])", "I8"}}) {
    const Error error = refusal("", as);
    CHECK(error.code == ErrorCode::unsupported);
    CHECK_EQ(error.found, found);
    CHECK(says(error, as.starts_with(weight) ? "q_proj.weight" : "q_proj.qweight") && !error.remedy.empty());
  }
  const Error renamed = refusal("", R"("model.layers.0.self_attn.r_proj.weight":{"dtype":"F32","shape":[48,48])");
  CHECK(renamed.code == ErrorCode::bad_format && says(renamed, "is missing"));
  const Error shaped = refusal("", R"("model.layers.0.self_attn.q_proj.weight":{"dtype":"F32","shape":[36,64])");
  CHECK(shaped.code == ErrorCode::bad_format && says(shaped, "wrong shape"));
  CHECK_EQ(shaped.found, "[36, 64]");
}

TEST("a plan names the tensors that loading takes, in the types in which it holds them") {
  const auto file = ModelFile::open(parity + "/llama-grouped-tied.gguf");
  REQUIRE(file.ok());
  const auto spec = spec_of(**file);
  REQUIRE(spec.ok());
  const auto plain = plan_of(**file, *spec, {}), smaller = plan_of(**file, *spec, {DType::q8_0, {}, {}});
  REQUIRE(plain.ok() && smaller.ok());
  CHECK_EQ(plain->weights.size(), smaller->weights.size());
  for (const PlannedWeight& weight : plain->weights) CHECK(weight.dtype == weight.entry->dtype);
  CHECK(plain->weights[0].role == Role::matrix_and_table);
}
