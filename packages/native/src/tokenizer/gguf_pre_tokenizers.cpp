// The patterns are those of the models' own tokenizer.json files, to the letter.
#include "tokenizer/gguf_pre_tokenizers.h"

#include "tokenizer/unicode.h"

namespace trivium {
namespace {

constexpr const char* deepseek_han = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";

// GPT-4o's, and without contractions and with single digits Mistral's Tekken.
constexpr const char* gpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* tekken =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* deepseek_v3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
    R"(| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

const std::vector<GgufPreTokenizer>& rows() {
  static const std::vector<GgufPreTokenizer> all = [] {
    std::vector<GgufPreTokenizer> made;
    for (const char* name : {"gpt-2", "default", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling"})
      made.push_back({name, gpt2_splitter, {}, false, false, false, false});
    for (const char* name : {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"})
      made.push_back({name, gpt2_splitter, {}, true, false, false, false});
    for (const char* name : {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"})
      made.push_back({name, llama3_splitter, {}, false, true, false, true});
    for (const char* name : {"dbrx", "smaug-bpe", "chatglm-bpe", "glm4"})
      made.push_back({name, llama3_splitter, {}, false, false, false, false});
    for (const char* name : {"qwen2", "deepseek-r1-qwen"})
      made.push_back({name, qwen2_splitter, {}, false, false, true, false});
    for (const char* name : {"gpt-4o", "llama4"}) made.push_back({name, nullptr, {gpt4o}, false, false, false, false});
    made.push_back({"tekken", nullptr, {tekken}, false, true, false, true});
    made.push_back({"deepseek-v3", nullptr, {R"(\p{N}{1,3})", deepseek_han, deepseek_v3}, false, false, false, true});
    made.push_back({"deepseek-coder",
                    nullptr,
                    {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"},
                    true,
                    false,
                    false,
                    true});
    return made;
  }();
  return all;
}

}  // namespace

const GgufPreTokenizer* gguf_pre_tokenizer(std::string_view name) {
  for (const GgufPreTokenizer& row : rows())
    if (name == row.name) return &row;
  return nullptr;
}

std::string gguf_pre_tokenizer_names() {
  std::string names;
  for (const GgufPreTokenizer& row : rows()) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

Result<PreTokenizerPointer> make_pre_tokenizer(const GgufPreTokenizer& row) {
  std::vector<PreTokenizerPointer> steps;
  for (const char* pattern : row.patterns) {
    TRIVIUM_TRY_ASSIGN(std::shared_ptr<const Regex> compiled, Regex::compile(pattern));
    steps.push_back(split_on(std::move(compiled), SplitBehavior::isolated, false));
  }
  if (row.single_digits) steps.push_back(split_flags(unicode::rust_numeric, SplitBehavior::isolated));
  if (row.splitter != nullptr) steps.push_back(split_known(row.splitter()));
  return steps.size() == 1 ? std::move(steps[0]) : sequence(std::move(steps));
}

}  // namespace trivium
