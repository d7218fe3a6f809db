// Uses go as far as a program would: open, read every tensor, describe, build the tokenizer, encode and decode; a model
// that was taken is then loaded and run (run_model.cpp). Whatever a use does with memory and time is watched by the caller.
#include "targets.h"

#include <algorithm>
#include <filesystem>

#include "formats/json.h"
#include "grammar_target.h"
#include "models/describe.h"
#include "mutate_model.h"
#include "run_model.h"
#include "tokenizer/tokenizer.h"

namespace fuzz {
namespace {

using namespace trivium;

constexpr const char* text = "The 3 cats' naïve 三隻貓 <|endoftext|> [CLS] <s> ab\n\t 123 😀\xff";

std::string use_of(const Tokenizer& tokenizer) {
  const auto ids = tokenizer.encode(text, {});
  for (const auto id : ids)
    if (id < 0 || static_cast<std::size_t>(id) >= tokenizer.vocabulary_size()) return "an id outside of the vocabulary";
  (void)tokenizer.decode(ids, false);
  (void)tokenizer.decode(ids, true);
  const auto stream = tokenizer.stream_decoder(false);
  for (const auto id : ids) (void)stream->push(id);
  (void)stream->finish();
  return "";
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
  const auto inspected = inspect(model);
  if (!inspected.ok()) return {{}, "a model that opens cannot be described: " + inspected.error().message};
  const auto spec = spec_of(model);
  if (!spec.ok() && !inspected->refusal) return {{}, "a description that does not say that the model does not run"};
  if (inspected->refusal) return {inspected->refusal, ""};
  if (const auto described = describe(model, *spec); !described.ok()) return {described.error(), ""};
  const auto tokenizer = Tokenizer::of(model);
  if (!tokenizer.ok() && tokenizer.error().code == ErrorCode::not_found) return {};
  if (!tokenizer.ok()) return {tokenizer.error(), ""};
  return {{}, use_of(**tokenizer)};
}

std::string gguf_path(const std::string& folder) { return folder + "/m.gguf"; }

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
  const std::string rest = input.substr(std::min<std::size_t>(1, input.size()));
  const char kind = input.empty() ? 'c' : input[0];
  put(root, kind == 'i' ? "model.safetensors.index.json" : kind == 'p' ? "1_Pooling/config.json" : kind == 'm' ? "modules.json" : "config.json", rest);
  return use_model(root);
}

Outcome use_tokenizer(const std::string& input, const std::string&) {
  const auto tokenizer = Tokenizer::from_json(input, "tokenizer.json");
  if (!tokenizer.ok()) return {tokenizer.error(), ""};
  return {{}, use_of(**tokenizer)};
}

// A seed of a folder is "<fixture>\n<file>\n" and the bytes of that file; the others lie beside it as they are.
struct FolderSeed {
  std::string fixture, file, bytes;
  explicit FolderSeed(const std::string& seed) {
    const std::size_t first = seed.find('\n'), second = seed.find('\n', first + 1);
    fixture = seed.substr(0, first);
    file = seed.substr(first + 1, second - first - 1);
    bytes = seed.substr(second + 1);
  }
  std::string joined() const { return fixture + "\n" + file + "\n" + bytes; }
};

std::string folder_path(const std::string& folder) { return folder + "/model"; }

Outcome use_folder(const std::string& input, const std::string& folder) {
  const FolderSeed seed(input);
  const std::string root = folder_path(folder), from = std::string(TRIVIUM_FIXTURES) + "/parity/" + seed.fixture;
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
  for (const auto& entry : std::filesystem::directory_iterator(from))
    std::filesystem::create_symlink(entry.path(), root + "/" + entry.path().filename().string());
  std::filesystem::remove(root + "/" + seed.file);
  put(root, seed.file, seed.bytes);
  return use_model(root);
}

std::vector<Seed> folder_seeds() {
  std::vector<Seed> seeds;
  for (const std::string name : {"llama-yarn", "llama-llama3-rope", "qwen2-yarn-mscale", "qwen3-yarn", "mistral-window", "bert-cls"})
    for (const std::string file : {"config.json", "config.json", "tokenizer.json", "model.safetensors"})
      seeds.push_back({name + "\n" + file + "\n" + fixture("parity/" + name + "/" + file)});
  return seeds;
}

std::vector<Seed> safetensors_seeds() {
  return {{fixture("formats/folder/model.safetensors")}, {fixture("formats/sharded/model-00001-of-00002.safetensors")}};
}
std::vector<Seed> config_seeds() {
  const std::string llama = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"vocab_size":128,)"
      R"("num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"num_hidden_layers":2,"intermediate_size":96,"rms_norm_eps":1e-05,)"
      R"("max_position_embeddings":256,"rope_theta":500000.0,"rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,)"
      R"("original_max_position_embeddings":64,"rope_type":"llama3"},"hidden_act":"silu","tie_word_embeddings":true,"attention_bias":false})";
  const std::string bert = R"({"model_type":"bert","hidden_size":32,"vocab_size":64,"num_attention_heads":4,"num_hidden_layers":2,)"
      R"("intermediate_size":64,"max_position_embeddings":64,"layer_norm_eps":1e-12,"hidden_act":"gelu","position_embedding_type":"absolute"})";
  std::string mistral = llama;
  mistral.replace(mistral.find("\"llama\""), 7, "\"mistral\",\"sliding_window\":32");
  return {{"c" + llama}, {"c" + mistral}, {"c" + bert},
          {R"(i{"metadata":{"total_size":40},"weight_map":{"f32":"shard.safetensors","f16":"shard.safetensors"}})"},
          {R"(p{"word_embedding_dimension":32,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true})"},
          {R"(m[{"idx":0,"type":"sentence_transformers.models.Transformer"},{"idx":1,"type":"sentence_transformers.models.Pooling"}])"}};
}
std::vector<Seed> json_seeds() {
  std::vector<Seed> seeds = config_seeds();
  for (Seed& seed : seeds) seed.bytes.erase(0, 1);
  seeds.push_back({R"({"a":[1,-2.5e3,true,false,null,"\u4e09\ud83d\ude00\n"],"b":{"c":{}},"d":[[],[[]]],"":"\\"})"});
  return seeds;
}
std::vector<Seed> tokenizer_seeds() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(TRIVIUM_FIXTURES) + "/tokenizer")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".expected.json")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());  // folders have no order: a seed number must mean the same everywhere
  std::vector<Seed> seeds;
  for (const std::string& name : names) seeds.push_back({fixture("tokenizer/" + name)});
  return seeds;
}

std::string mutate_fields_or_bytes(const std::string& bytes, const Seed& other, Random& random) {
  return random.chance(60) ? mutate_fields(bytes, random) : mutate_bytes(bytes, other.bytes, random);
}
std::string mutate_gguf(const Seed& seed, const Seed& other, Random& random) {
  if (random.chance(50)) return mutate_gguf_values(seed.bytes, random);
  const std::size_t border = std::min(seed.head, seed.bytes.size());
  std::string head = seed.bytes.substr(0, border), data = seed.bytes.substr(border);
  std::string& part = data.empty() || random.chance(85) ? head : data;
  part = mutate_fields_or_bytes(part, other, random);
  return head + data;
}
std::string mutate_safetensors(const Seed& seed, const Seed& other, Random& random) {
  switch (random.below(10)) {
    case 0: return mutate_fields(seed.bytes, random);
    case 1:
    case 2: return mutate_bytes(seed.bytes, other.bytes, random);
    default: return mutate_safetensors_header(seed.bytes, random);
  }
}
std::string mutate_text(const Seed& seed, const Seed& other, Random& random) {
  return random.chance(75) ? mutate_json(seed.bytes, random) : mutate_bytes(seed.bytes, other.bytes, random);
}
std::string mutate_config(const Seed& seed, const Seed& other, Random& random) {
  return seed.bytes.substr(0, 1) + mutate_text({seed.bytes.substr(1)}, {other.bytes.substr(1)}, random);
}
std::string mutate_folder(const Seed& seed, const Seed& other, Random& random) {
  FolderSeed parts(seed.bytes);
  const auto mutate = parts.file.ends_with(".json") ? mutate_text : mutate_safetensors;
  parts.bytes = mutate({parts.bytes}, {FolderSeed(other.bytes).bytes}, random);
  return parts.joined();
}

}  // namespace

// A tokenizer may leave gaps: 65,536 unused ids of 32 bytes, in a vector that doubles. A model that runs has a slab of
// pages of 4 MiB; its folder's other files are as large as they are.
const std::vector<Target>& targets() {
  constexpr std::size_t tables = 256 << 10, id_gaps = 5 << 20, pages = 8 << 20;
  // Bounds multiply a schema out to as many states as the limits let.
  constexpr std::size_t grammars = 64 << 20;
  static const std::vector<Target> all{
      {"gguf", gguf_seeds, mutate_gguf, use_gguf, tables, gguf_path, pages},
      {"folder", folder_seeds, mutate_folder, use_folder, id_gaps, folder_path, pages},
      {"safetensors", safetensors_seeds, mutate_safetensors, use_safetensors, tables, nullptr, 0},
      {"json", json_seeds, mutate_text, use_json, tables, nullptr, 0},
      {"config", config_seeds, mutate_config, use_config, tables, nullptr, 0},
      {"tokenizer", tokenizer_seeds, mutate_text, use_tokenizer, id_gaps, nullptr, 0},
      {"grammar", grammar_seeds, mutate_grammar, use_grammar, grammars, nullptr, 0}};
  return all;
}

}  // namespace fuzz
