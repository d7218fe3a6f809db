// GGUF models of one layer with small random weights, so that what is loaded also runs: every weight type, every
// architecture row, YaRN and linear scaling, biases and norms of heads, tied and untied heads, a chat template.
// Knows what a whole file holds, not what mutations do to it.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/file.h"
#include "formats/writers.h"
#include "mutate.h"
#include "seeds.h"
#include "tensor/codecs.h"
#include "tokenizer/gguf_pre_tokenizers.h"

namespace fuzz {
namespace {

using namespace trivium;

constexpr const char* chat_template =
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}";

// Which parts a model has and in what its matrices are kept. `wide` is a multiple of 256 where K types hold rows of it.
struct Kind {
  const char* architecture;
  std::int64_t wide;
  DType embedding, attention, mlp;
  bool biases = false, head_norms = false, tied = true, rope_factors = false;
  const char* scaling = nullptr;
};
constexpr std::int64_t heads = 2, kv_heads = 1, head_dim = 16, hidden = 32, most_positions = 128;

constexpr Kind decoders[] = {
    {"llama", 256, DType::q6_k, DType::q4_k, DType::q5_k},
    {"llama", 32, DType::f32, DType::f32, DType::f32, false, false, false, true},
    {"qwen2", 32, DType::f16, DType::q8_0, DType::bf16, true, false, true, false, "yarn"},
    {"qwen3", 32, DType::q8_0, DType::q4_0, DType::q8_0, false, true, true, false, "linear"},
    {"qwen3", 256, DType::q4_k, DType::q6_k, DType::q4_k, false, true, false, false, "yarn"},
};

class SeedFile {
 public:
  explicit SeedFile(const char* architecture) : architecture_(architecture), random_(7) {
    metadata.set("general.architecture", std::string(architecture));
    metadata.set("general.name", std::string("seed"));
  }
  Metadata metadata;

  void set(const std::string& key, MetadataValue value) { metadata.set(architecture_ + "." + key, std::move(value)); }
  void matrix(const std::string& name, DType dtype, std::int64_t rows, std::int64_t columns) {
    if (columns % static_cast<std::int64_t>(info(dtype).block_elements) != 0) dtype = DType::q8_0;
    tensor(name, dtype, Shape::of(rows, columns));
  }
  void vector(const std::string& name, std::int64_t size) { tensor(name, DType::f32, Shape::of(size)); }

  Seed bytes() const {
    std::vector<TensorToWrite> views;
    for (const auto& [name, dtype, shape, bytes] : tensors_) views.push_back({name, {dtype, shape, bytes.data(), bytes.size()}});
    const std::string path =
        (std::filesystem::temp_directory_path() / ("trivium-fuzz-seed-" + std::to_string(::getpid()) + ".gguf")).string();
    Seed seed;
    if (write_gguf(path, metadata, views).ok()) {
      if (auto read = read_file(path, 1 << 22); read.ok()) seed.bytes = std::move(*read);
      if (const auto file = ModelFile::open(path); file.ok() && !views.empty()) seed.head = (*file)->tensors()[0].offset;
    }
    std::filesystem::remove(path);
    return seed;
  }

 private:
  struct Tensor {
    std::string name;
    DType dtype;
    Shape shape;
    std::vector<std::byte> bytes;
  };

  void tensor(const std::string& name, DType dtype, Shape shape) {
    std::vector<float> row(static_cast<std::size_t>(shape.columns()));
    const std::size_t one = row_bytes(dtype, shape.columns());
    std::vector<std::byte> bytes(one * static_cast<std::size_t>(shape.rows()));
    for (std::int64_t r = 0; r < shape.rows(); ++r) {
      for (float& value : row) value = float(random_.below(2001)) / 1000 - 1;
      encode_row(dtype, row.data(), bytes.data() + one * static_cast<std::size_t>(r), row.size());
    }
    tensors_.push_back({name, dtype, shape, std::move(bytes)});
  }

  std::string architecture_;
  Random random_;
  std::vector<Tensor> tensors_;
};

void scale_positions(SeedFile& file, const std::string& scaling) {
  file.set("rope.scaling.type", scaling);
  file.set("rope.scaling.factor", 4.0);
  if (scaling != "yarn") return;
  file.set("rope.scaling.original_context_length", std::int64_t{most_positions / 4});
  file.set("rope.scaling.yarn_ext_factor", 1.0);
  file.set("rope.scaling.yarn_attn_factor", 1.1);
  file.set("rope.scaling.yarn_beta_fast", 32.0);
  file.set("rope.scaling.yarn_beta_slow", 1.0);
  file.set("rope.scaling.yarn_log_multiplier", 0.1);
}

void set_sizes(SeedFile& file, std::int64_t width) {
  for (const auto& [key, number] : std::vector<std::pair<std::string, std::int64_t>>{
           {"block_count", 1}, {"embedding_length", width}, {"context_length", most_positions}, {"feed_forward_length", hidden},
           {"attention.head_count", heads}, {"attention.head_count_kv", kv_heads}, {"attention.key_length", head_dim},
           {"rope.dimension_count", head_dim}})
    file.set(key, number);
}

template <class AddTokenizer>
Seed decoder(const Kind& kind, const AddTokenizer& add_tokenizer) {
  SeedFile file(kind.architecture);
  set_sizes(file, kind.wide);
  file.set("rope.freq_base", 10000.0);
  file.set("attention.layer_norm_rms_epsilon", 1e-5);
  if (kind.scaling != nullptr) scale_positions(file, kind.scaling);
  const auto vocabulary = static_cast<std::int64_t>(add_tokenizer(file.metadata));
  file.metadata.set("tokenizer.chat_template", std::string(chat_template));
  const auto layer = [](const std::string& part) { return "blk.0." + part; };
  file.matrix("token_embd.weight", kind.embedding, vocabulary, kind.wide);
  file.vector(layer("attn_norm.weight"), kind.wide);
  file.matrix(layer("attn_q.weight"), kind.attention, heads * head_dim, kind.wide);
  file.matrix(layer("attn_k.weight"), kind.attention, kv_heads * head_dim, kind.wide);
  file.matrix(layer("attn_v.weight"), kind.attention, kv_heads * head_dim, kind.wide);
  file.matrix(layer("attn_output.weight"), kind.attention, kind.wide, heads * head_dim);
  if (kind.biases) {
    file.vector(layer("attn_q.bias"), heads * head_dim);
    file.vector(layer("attn_k.bias"), kv_heads * head_dim);
    file.vector(layer("attn_v.bias"), kv_heads * head_dim);
  }
  if (kind.head_norms) {
    file.vector(layer("attn_q_norm.weight"), head_dim);
    file.vector(layer("attn_k_norm.weight"), head_dim);
  }
  file.vector(layer("ffn_norm.weight"), kind.wide);
  file.matrix(layer("ffn_gate.weight"), kind.mlp, hidden, kind.wide);
  file.matrix(layer("ffn_up.weight"), kind.mlp, hidden, kind.wide);
  file.matrix(layer("ffn_down.weight"), kind.mlp, kind.wide, hidden);
  file.vector("output_norm.weight", kind.wide);
  if (!kind.tied) file.matrix("output.weight", kind.embedding, vocabulary, kind.wide);
  if (kind.rope_factors) file.vector("rope_freqs.weight", head_dim / 2);
  return file.bytes();
}

// An embedder, or with a head a cross-encoder.
Seed bert(bool ranks) {
  constexpr std::int64_t width = heads * head_dim;
  SeedFile file("bert");
  set_sizes(file, width);
  file.set("attention.head_count_kv", heads);
  file.set("attention.layer_norm_epsilon", 1e-12);
  file.set("pooling_type", std::int64_t{ranks ? 4 : 2});
  const auto vocabulary = static_cast<std::int64_t>(wordpiece_tokenizer(file.metadata));
  file.matrix("token_embd.weight", DType::f16, vocabulary, width);
  file.matrix("position_embd.weight", DType::f16, most_positions, width);
  file.matrix("token_types.weight", DType::f32, 2, width);
  for (const char* norm : {"token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"}) {
    file.vector(std::string(norm) + ".weight", width);
    file.vector(std::string(norm) + ".bias", width);
  }
  for (const char* part : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"}) {
    const std::string name = std::string("blk.0.") + part;
    file.matrix(name + ".weight", DType::q8_0, width, width);
    file.vector(name + ".bias", width);
  }
  if (!ranks) return file.bytes();
  file.matrix("cls.weight", DType::q8_0, width, width);
  file.vector("cls.bias", width);
  file.matrix("cls.output.weight", DType::q8_0, 1, width);
  file.vector("cls.output.bias", 1);
  return file.bytes();
}

Seed static_embedding() {
  SeedFile file("static-embedding");
  file.set("embedding_length", std::int64_t{32});
  const auto vocabulary = static_cast<std::int64_t>(wordpiece_tokenizer(file.metadata));
  file.matrix("token_embd.weight", DType::q8_0, vocabulary, 32);
  return file.bytes();
}

std::vector<std::string> pre_tokenizer_names() {
  const std::string all = gguf_pre_tokenizer_names();
  std::vector<std::string> names;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find(", ", at), all.size());
    names.push_back(all.substr(at, end - at));
    at = end + 2;
  }
  return names;
}

}  // namespace

std::string fixture(const std::string& name) {
  auto bytes = read_file(std::string(TRIVIUM_FIXTURES) + "/" + name, 1 << 24);
  return bytes.ok() ? *bytes : "";
}

std::string put(const std::string& folder, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(folder + "/" + name).parent_path());
  std::ofstream(folder + "/" + name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return folder + "/" + name;
}

std::vector<Seed> gguf_seeds() {
  std::vector<Seed> seeds;
  for (const std::string& pre : pre_tokenizer_names())
    seeds.push_back(decoder(decoders[seeds.size() % std::size(decoders)],
                            [&](Metadata& metadata) { return byte_level_tokenizer(metadata, pre); }));
  // As often as all of those together.
  const std::size_t named = seeds.size();
  const std::vector<Seed> others = {decoder(decoders[0], sentencepiece_tokenizer),
                                    decoder(decoders[1], unigram_tokenizer),
                                    decoder(decoders[4], unigram_tokenizer),
                                    decoder(decoders[2], sentencepiece_tokenizer),
                                    bert(false),
                                    bert(true),
                                    static_embedding(),
                                    {fixture("formats/tiny.gguf"), std::string::npos},
                                    {fixture("formats/q2_k.gguf"), std::string::npos}};
  for (std::size_t i = 0; i < named; ++i) seeds.push_back(others[i % others.size()]);
  return seeds;
}

}  // namespace fuzz
