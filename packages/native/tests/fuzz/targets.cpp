// Seeds are real inputs in small; uses go as far as a program would: open, read every tensor, build the spec, encode.
// Whatever a use does with memory and time is watched by the caller.
#include "targets.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "formats/json.h"
#include "formats/writers.h"
#include "models/spec.h"
#include "tokenizer/tokenizer.h"

namespace fuzz {
namespace {

using namespace trivium;

std::string fixture(const std::string& name) {
  auto bytes = read_file(std::string(TRIVIUM_FIXTURES) + "/" + name, 1 << 24);
  return bytes.ok() ? *bytes : "";
}

std::string put(const std::string& folder, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(folder + "/" + name).parent_path());
  std::ofstream(folder + "/" + name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return folder + "/" + name;
}

std::shared_ptr<const GgufArray> strings(std::vector<std::string> items) {
  return std::make_shared<GgufArray>(GgufArray{std::move(items)});
}

// A llama of two layers' metadata, a vocabulary and a few weights, as bytes.
std::string small_llama() {
  Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  for (const auto& [key, number] : std::vector<std::pair<std::string, std::int64_t>>{
           {"block_count", 2}, {"embedding_length", 8}, {"context_length", 64}, {"feed_forward_length", 16},
           {"attention.head_count", 4}, {"attention.head_count_kv", 2}, {"rope.dimension_count", 2}}) {
    metadata.set("llama." + key, number);
  }
  metadata.set("llama.rope.freq_base", 10000.0);
  metadata.set("llama.attention.layer_norm_rms_epsilon", 1e-5);
  metadata.set("tokenizer.ggml.model", std::string("gpt2"));
  metadata.set("tokenizer.ggml.pre", std::string("llama-bpe"));
  metadata.set("tokenizer.ggml.tokens", strings({"<s>", "</s>", "a", "b", "ab", "Ġ", "Ġa", "c"}));
  metadata.set("tokenizer.ggml.merges", strings({"a b", "Ġ a"}));
  metadata.set("tokenizer.ggml.token_type",
               std::shared_ptr<const GgufArray>(std::make_shared<GgufArray>(GgufArray{std::vector<std::int64_t>{3, 3, 1, 1, 1, 1, 1, 1}})));
  metadata.set("tokenizer.ggml.bos_token_id", std::int64_t{0});
  metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  static std::vector<std::byte> zeros(1024);
  const auto tensor = [](std::string name, DType dtype, Shape shape) {
    return TensorToWrite{std::move(name), {dtype, shape, zeros.data(), row_bytes(dtype, shape.elements())}};
  };
  const std::string path = (std::filesystem::temp_directory_path() / "trivium-fuzz-seed.gguf").string();
  (void)write_gguf(path, metadata, {tensor("token_embd.weight", DType::f32, Shape::of(8, 8)), tensor("output_norm.weight", DType::f32, Shape::of(8)),
                                    tensor("rope_freqs.weight", DType::f32, Shape::of(1)), tensor("blk.0.ffn_up.weight", DType::q8_0, Shape::of(2, 32))});
  auto bytes = read_file(path, 1 << 20);
  std::filesystem::remove(path);
  return bytes.ok() ? *bytes : "";
}

// What holds for every model that was taken.
Outcome use_model(const std::string& path) {
  auto opened = ModelFile::open(path);
  if (!opened.ok()) return {opened.error(), ""};
  const ModelFile& model = **opened;
  for (const TensorEntry& tensor : model.tensors()) {
    if (tensor.offset + tensor.bytes > model.total_bytes()) return {{}, "tensor " + tensor.name + " lies outside of the file"};
    const auto values = model.read_f32(tensor);
    if (!values.ok()) return {{}, "tensor " + tensor.name + " cannot be read: " + values.error().message};
    if (values->size() != static_cast<std::size_t>(tensor.shape.elements())) return {{}, "tensor of another size"};
    if (model.find(tensor.name) != &tensor) return {{}, "tensor " + tensor.name + " is not found by its name"};
  }
  if (model.container() == ModelFile::Container::hugging_face && model.config().is_null()) return {};
  const auto spec = spec_of(model);
  if (!spec.ok()) return {spec.error(), ""};
  if (model.container() == ModelFile::Container::gguf) {
    const auto tokenizer = Tokenizer::of(model);
    if (!tokenizer.ok()) return {tokenizer.error(), ""};
    (void)(*tokenizer)->encode("ab <s> 三\xff", {});
  }
  return {};
}

Outcome use_gguf(const std::string& input, const std::string& folder) { return use_model(put(folder, "m.gguf", input)); }

Outcome use_safetensors(const std::string& input, const std::string& folder) {
  return use_model(put(folder, "single/m.safetensors", input));
}

Outcome use_json(const std::string& input, const std::string&) {
  const auto parsed = Json::parse(input, "input.json");
  return parsed.ok() ? Outcome{} : Outcome{parsed.error(), ""};
}

// The first byte of a seed says which file of the folder it is.
Outcome use_config(const std::string& input, const std::string& folder) {
  static const std::string weights = fixture("formats/folder/model.safetensors");
  const std::string root = folder + "/folder";
  std::filesystem::remove_all(root);
  put(root, "config.json", R"({"model_type":"bert","hidden_size":8,"vocab_size":16,"num_attention_heads":2,)"
                           R"("num_hidden_layers":1,"intermediate_size":16,"max_position_embeddings":32})");
  put(root, "shard.safetensors", weights);
  if (!input.starts_with('i')) put(root, "model.safetensors", weights);
  const std::string text = input.substr(std::min<std::size_t>(1, input.size()));
  const char kind = input.empty() ? 'c' : input[0];
  put(root, kind == 'i' ? "model.safetensors.index.json" : kind == 'p' ? "1_Pooling/config.json" : kind == 'm' ? "modules.json" : "config.json", text);
  return use_model(root);
}

Outcome use_tokenizer(const std::string& input, const std::string&) {
  const auto tokenizer = Tokenizer::from_json(input, "tokenizer.json");
  if (!tokenizer.ok()) return {tokenizer.error(), ""};
  const auto ids = (*tokenizer)->encode("The 3 cats' naïve 三隻貓 <|endoftext|> [CLS]\n\t 😀\xff", {});
  for (const auto id : ids) {
    if (id < 0 || static_cast<std::size_t>(id) >= (*tokenizer)->vocabulary_size()) return {{}, "an id outside of the vocabulary"};
  }
  (void)(*tokenizer)->decode(ids, false);
  return {};
}

std::vector<std::string> gguf_seeds() { return {fixture("formats/tiny.gguf"), small_llama(), fixture("formats/q2_k.gguf")}; }
std::vector<std::string> safetensors_seeds() {
  return {fixture("formats/folder/model.safetensors"), fixture("formats/sharded/model-00001-of-00002.safetensors")};
}
std::vector<std::string> config_seeds() {
  const std::string llama = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"vocab_size":128,)"
      R"("num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"num_hidden_layers":2,"intermediate_size":96,"rms_norm_eps":1e-05,)"
      R"("max_position_embeddings":256,"rope_theta":500000.0,"rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,)"
      R"("original_max_position_embeddings":64,"rope_type":"llama3"},"hidden_act":"silu","tie_word_embeddings":true,"attention_bias":false})";
  const std::string bert = R"({"model_type":"bert","hidden_size":32,"vocab_size":64,"num_attention_heads":4,"num_hidden_layers":2,)"
      R"("intermediate_size":64,"max_position_embeddings":64,"layer_norm_eps":1e-12,"hidden_act":"gelu","position_embedding_type":"absolute"})";
  std::string mistral = llama;
  mistral.replace(mistral.find("\"llama\""), 7, "\"mistral\",\"sliding_window\":32");
  return {"c" + llama, "c" + mistral, "c" + bert,
          R"(i{"metadata":{"total_size":40},"weight_map":{"f32":"shard.safetensors","f16":"shard.safetensors"}})",
          R"(p{"word_embedding_dimension":32,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true})",
          R"(m[{"idx":0,"type":"sentence_transformers.models.Transformer"},{"idx":1,"type":"sentence_transformers.models.Pooling"}])"};
}
std::vector<std::string> json_seeds() {
  std::vector<std::string> seeds = config_seeds();
  for (std::string& seed : seeds) seed.erase(0, 1);
  seeds.push_back(R"({"a":[1,-2.5e3,true,false,null,"\u4e09\ud83d\ude00\n"],"b":{"c":{}},"d":[[],[[]]],"":"\\"})");
  return seeds;
}
std::vector<std::string> tokenizer_seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TRIVIUM_FIXTURES) + "/tokenizer")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".expected.json")) seeds.push_back(name);
  }
  std::sort(seeds.begin(), seeds.end());  // folders have no order: a seed number must mean the same everywhere
  for (std::string& seed : seeds) seed = fixture("tokenizer/" + seed);
  return seeds;
}

std::string mutate_gguf(const std::string& seed, const std::string& other, Random& random) {
  return random.chance(60) ? mutate_fields(seed, random) : mutate_bytes(seed, other, random);
}
std::string mutate_safetensors(const std::string& seed, const std::string& other, Random& random) {
  switch (random.below(10)) {
    case 0: return mutate_fields(seed, random);
    case 1:
    case 2: return mutate_bytes(seed, other, random);
    default: return mutate_safetensors_header(seed, random);
  }
}
std::string mutate_text(const std::string& seed, const std::string& other, Random& random) {
  return random.chance(75) ? mutate_json(seed, random) : mutate_bytes(seed, other, random);
}
std::string mutate_config(const std::string& seed, const std::string& other, Random& random) {
  return seed.substr(0, 1) + mutate_text(seed.substr(1), other.substr(1), random);
}

}  // namespace

// A tokenizer may leave gaps: 65,536 unused ids of 32 bytes, in a vector that doubles.
const std::vector<Target>& targets() {
  constexpr std::size_t tables = 256 << 10, id_gaps = 5 << 20;
  static const std::vector<Target> all{{"gguf", gguf_seeds, mutate_gguf, use_gguf, tables},
                                       {"safetensors", safetensors_seeds, mutate_safetensors, use_safetensors, tables},
                                       {"json", json_seeds, mutate_text, use_json, tables},
                                       {"config", config_seeds, mutate_config, use_config, tables},
                                       {"tokenizer", tokenizer_seeds, mutate_text, use_tokenizer, id_gaps}};
  return all;
}

}  // namespace fuzz
