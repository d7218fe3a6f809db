// Vocabularies in GGUF's words, one a kind, each as small as lets every part of its kind take part: merges, scores, byte
// tokens, a compiled character map, special and user-defined tokens.
#include "seeds.h"

namespace fuzz {
namespace {

using namespace trivium;

constexpr std::int64_t normal = 1, unknown = 2, control = 3, user_defined = 4, byte = 6;
constexpr const char* mark = "\u2581";

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;
  std::vector<double> scores;
  void add(std::string token, std::int64_t type = normal) {
    scores.push_back(type == normal ? -double(tokens.size()) / 4 : 0);
    tokens.push_back(std::move(token));
    types.push_back(type);
  }
};

std::size_t put(Metadata& metadata, const char* model, Vocabulary vocabulary, bool scored) {
  const std::size_t count = vocabulary.tokens.size();
  metadata.set("tokenizer.ggml.model", std::string(model));
  metadata.set("tokenizer.ggml.tokens", array(std::move(vocabulary.tokens)));
  metadata.set("tokenizer.ggml.token_type", array(std::move(vocabulary.types)));
  if (scored) metadata.set("tokenizer.ggml.scores", array(std::move(vocabulary.scores)));
  return count;
}

// Darts-clone units: the root leads from a tab (9) to a leaf at 9 ^ 16, whose value is where its replacement begins.
std::vector<std::int64_t> character_map() {
  std::vector<std::uint32_t> units(32, 0);
  units[9] = 9u | 0x100u | 16u << 10;
  units[9 ^ 16] = 0x80000000u;
  const std::uint32_t size = std::uint32_t(units.size()) * 4;
  units.insert(units.begin(), size);
  std::vector<std::int64_t> bytes;
  for (const std::uint32_t unit : units)
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(unit >> shift & 0xFF);
  for (const char c : std::string_view(" \0", 2)) bytes.push_back(c);
  return bytes;
}

}  // namespace

std::size_t byte_level_tokenizer(Metadata& metadata, const std::string& pre) {
  Vocabulary vocabulary;
  vocabulary.add("<|begin|>", control);
  vocabulary.add("<|end|>", control);
  vocabulary.add("<think>", user_defined);
  for (char c = 33; c < 127; ++c) vocabulary.add(std::string(1, c));
  for (const char* token : {"\u0120", "\u010A", "ab", "\u0120a", "\u0120ab", "12", "123"}) vocabulary.add(token);
  metadata.set("tokenizer.ggml.pre", pre);
  metadata.set("tokenizer.ggml.merges", array(std::vector<std::string>{"a b", "\u0120 a", "\u0120a b", "1 2", "12 3"}));
  metadata.set("tokenizer.ggml.bos_token_id", std::int64_t{0});
  metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  metadata.set("tokenizer.ggml.add_bos_token", true);
  return put(metadata, "gpt2", std::move(vocabulary), false);
}

std::size_t sentencepiece_tokenizer(Metadata& metadata) {
  Vocabulary vocabulary;
  vocabulary.add("<unk>", unknown);
  vocabulary.add("<s>", control);
  vocabulary.add("</s>", control);
  for (const int value : {9, 10, 0xC3, 0xA9, 0xE4, 0xB8, 0x89}) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", value);
    vocabulary.add(name, byte);
  }
  for (const char* token : {mark, "a", "b", "c", "ab", "abc", "\u2581a", "\u2581ab", "\u4e09", "\u2581\u2581"}) vocabulary.add(token);
  metadata.set("tokenizer.ggml.unknown_token_id", std::int64_t{0});
  metadata.set("tokenizer.ggml.bos_token_id", std::int64_t{1});
  metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{2});
  metadata.set("tokenizer.ggml.add_space_prefix", true);
  return put(metadata, "llama", std::move(vocabulary), true);
}

std::size_t unigram_tokenizer(Metadata& metadata) {
  Vocabulary vocabulary;
  vocabulary.add("<pad>", control);
  vocabulary.add("</s>", control);
  vocabulary.add("<unk>", unknown);
  for (const char* token : {mark, "a", "b", "c", "ab", "\u2581ab", "bc", "\u4e09", "<0"}) vocabulary.add(token);
  metadata.set("tokenizer.ggml.unknown_token_id", std::int64_t{2});
  metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  metadata.set("tokenizer.ggml.remove_extra_whitespaces", true);
  metadata.set("tokenizer.ggml.precompiled_charsmap", array(character_map()));
  return put(metadata, "t5", std::move(vocabulary), true);
}

std::size_t wordpiece_tokenizer(Metadata& metadata) {
  Vocabulary vocabulary;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}) vocabulary.add(token, control);
  for (const char* token : {"\u2581a", "\u2581ab", "b", "c", "bc", "\u2581\u4e09", "\u2581."}) vocabulary.add(token);
  metadata.set("tokenizer.ggml.unknown_token_id", std::int64_t{1});
  metadata.set("tokenizer.ggml.cls_token_id", std::int64_t{2});
  metadata.set("tokenizer.ggml.seperator_token_id", std::int64_t{3});
  return put(metadata, "bert", std::move(vocabulary), false);
}

}  // namespace fuzz
