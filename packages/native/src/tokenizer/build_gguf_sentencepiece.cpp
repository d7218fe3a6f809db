// SentencePiece models as GGUF keeps them: tokens, a score each, a type each. Built from the same parts as the
// tokenizer.json that Hugging Face converts such a model to, so both give the same ids. BPE merges are not in the file:
// every way to cut a token into two others is one, the better the token's score the earlier.
#include <algorithm>

#include "tokenizer/build_gguf.h"
#include "tokenizer/text.h"

namespace trivium {
namespace {

constexpr const char* word_mark = "\xE2\x96\x81";
// SentencePiece itself makes tokens of at most 16 characters; cutting longer ones everywhere would cost their square.
constexpr std::size_t longest_token = 1024;

Result<const std::vector<double>*> scores_of(const Metadata& metadata, std::string_view file, std::size_t count) {
  const auto* scores = metadata.numbers("tokenizer.ggml.scores");
  if (scores == nullptr) return gguf_key(file, "scores").bad("The scores are missing.", "an array of numbers");
  if (scores->size() != count) {
    return gguf_key(file, "scores")
        .bad("There is not one score for each token.", std::to_string(count), std::to_string(scores->size()));
  }
  return scores;
}

std::int64_t type_of(const Metadata& metadata, std::size_t id) {
  const auto* types = metadata.integers("tokenizer.ggml.token_type");
  return types == nullptr ? gguf_normal : (*types)[id];  // as many as tokens: checked when these were read
}

// Ids that no ordinary text becomes: special ones, bytes (but for falling back to), and what is unused.
std::unordered_set<TokenId> excluded_ids(const Metadata& metadata, const PipelineParts& parts) {
  std::unordered_set<TokenId> ids;
  for (std::size_t i = 0; i < parts.tokens.size(); ++i) {
    const std::int64_t type = type_of(metadata, i);
    if (type == gguf_control || type == gguf_unknown || type == gguf_byte || type == gguf_unused) ids.insert(static_cast<TokenId>(i));
  }
  return ids;
}

bool has_bytes(const Metadata& metadata) {
  const auto* types = metadata.integers("tokenizer.ggml.token_type");
  return types != nullptr && std::find(types->begin(), types->end(), gguf_byte) != types->end();
}

struct ScoredMerge {
  Merge merge;
  double score;
  std::uint32_t left, right;  // characters
};

// All cuts of all tokens in the order of Hugging Face's conversion: by score, then by the longer left part, the longer
// right part, the order of tokens; the cuts of one token by the ids of their parts.
std::vector<Merge> merges_by_score(const PipelineParts& parts, const std::vector<double>& scores,
                                   const std::unordered_set<TokenId>& excluded) {
  std::vector<ScoredMerge> all;
  std::vector<std::pair<std::pair<TokenId, TokenId>, ScoredMerge>> cuts;
  for (std::size_t id = 0; id < parts.tokens.size(); ++id) {
    const std::string_view token = parts.tokens[id];
    const auto known = parts.ids.find(token);
    if (excluded.contains(static_cast<TokenId>(id)) || known == parts.ids.end() || known->second != static_cast<TokenId>(id)) continue;
    std::uint32_t characters = 0, left = 0;
    for (std::size_t at = 0; at < token.size(); ++characters) next_character(token, at);
    cuts.clear();
    for (std::size_t at = 0; ++left < characters;) {
      next_character(token, at);
      const auto first = parts.ids.find(token.substr(0, at)), second = parts.ids.find(token.substr(at));
      if (first == parts.ids.end() || second == parts.ids.end()) continue;
      cuts.push_back({{first->second, second->second}, {{first->first, second->first}, scores[id], left, characters - left}});
    }
    std::sort(cuts.begin(), cuts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [ids, cut] : cuts) all.push_back(std::move(cut));
  }
  std::stable_sort(all.begin(), all.end(), [](const ScoredMerge& a, const ScoredMerge& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.left != b.left ? a.left > b.left : a.right > b.right;
  });
  std::vector<Merge> merges;
  merges.reserve(all.size());
  for (ScoredMerge& one : all) merges.push_back(std::move(one.merge));
  return merges;
}

Status check_scores(std::string_view file, const std::vector<double>& scores) {
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] >= -1e30 && scores[i] <= 1e30) continue;
    return Place{file, "tokenizer.ggml.scores/" + std::to_string(i)}.bad("A score is out of range.", "a finite number", std::to_string(scores[i]));
  }
  return {};
}

bool adds_prefix(const Metadata& metadata) { return metadata.boolean("tokenizer.ggml.add_space_prefix").value_or(true); }

}  // namespace

Status build_gguf_sentencepiece_bpe(const Metadata& metadata, std::string_view file, PipelineParts& parts) {
  TRIVIUM_TRY_ASSIGN(const std::vector<double>* scores, scores_of(metadata, file, parts.tokens.size()));
  TRIVIUM_TRY(check_scores(file, *scores));
  for (std::size_t i = 0; i < parts.tokens.size(); ++i) {
    if (parts.tokens[i].size() <= longest_token || type_of(metadata, i) != gguf_normal) continue;
    return Place{file, "tokenizer.ggml.tokens/" + std::to_string(i)}
        .bad("A token is too long.", "at most " + std::to_string(longest_token) + " bytes", std::to_string(parts.tokens[i].size()));
  }
  const std::unordered_set<TokenId> excluded = excluded_ids(metadata, parts);
  BpeSettings settings;
  settings.byte_fallback = has_bytes(metadata);
  settings.fuse_unknown = true;
  TRIVIUM_TRY_ASSIGN(settings.unknown, gguf_id_at(metadata, file, "unknown_token_id", parts.tokens.size(), 0));
  std::unordered_set<TokenId> no_text = special_ids(parts);
  auto model = make_bpe(parts.ids, merges_by_score(parts, *scores, excluded), std::move(settings), no_text);
  if (!model.ok()) return std::move(model.error());
  parts.model = std::move(model).value();

  std::vector<NormalizerPointer> normalizers;
  if (adds_prefix(metadata)) normalizers.push_back(prepend(word_mark));
  normalizers.push_back(replace(std::string(" "), word_mark));
  parts.normalizer = sequence(std::move(normalizers));
  std::vector<DecoderPointer> decoders;
  decoders.push_back(replace_decoder(word_mark, nullptr, " "));
  decoders.push_back(byte_fallback_decoder());
  decoders.push_back(fuse_decoder());
  if (adds_prefix(metadata)) decoders.push_back(strip_decoder(U' ', 1, 0));
  parts.decoder = sequence(std::move(decoders));
  parts.token_bytes = TokenBytes::metaspace;
  return {};
}

Status build_gguf_unigram(const Metadata& metadata, std::string_view file, PipelineParts& parts) {
  TRIVIUM_TRY_ASSIGN(const std::vector<double>* scores, scores_of(metadata, file, parts.tokens.size()));
  TRIVIUM_TRY(check_scores(file, *scores));
  UnigramSettings settings;
  settings.byte_fallback = has_bytes(metadata);
  TRIVIUM_TRY_ASSIGN(settings.unknown, gguf_id_at(metadata, file, "unknown_token_id", parts.tokens.size(), 2));
  parts.model = make_unigram(parts.ids, *scores, settings, excluded_ids(metadata, parts));

  std::vector<NormalizerPointer> normalizers;
  if (const auto* bytes = metadata.integers("tokenizer.ggml.precompiled_charsmap"); bytes != nullptr && !bytes->empty()) {
    std::string compiled;
    for (const std::int64_t byte : *bytes) compiled.push_back(static_cast<char>(byte));
    NormalizerPointer map = character_map(compiled);
    if (map == nullptr) return gguf_key(file, "precompiled_charsmap").bad("The character map is malformed.", "a size, a trie and text");
    normalizers.push_back(std::move(map));
  }
  if (metadata.boolean("tokenizer.ggml.remove_extra_whitespaces").value_or(false)) {
    TRIVIUM_TRY_ASSIGN(std::shared_ptr<const Regex> spaces, Regex::compile(" {2,}"));
    normalizers.push_back(strip(false, true));
    normalizers.push_back(replace(std::move(spaces), word_mark));
  }
  if (!normalizers.empty()) parts.normalizer = sequence(std::move(normalizers));
  const PrependScheme scheme = adds_prefix(metadata) ? PrependScheme::always : PrependScheme::never;
  parts.pre_tokenizer = metaspace(0x2581, scheme, true);
  std::vector<DecoderPointer> decoders;
  if (settings.byte_fallback) decoders.push_back(byte_fallback_decoder());
  decoders.push_back(metaspace_decoder(0x2581, scheme));
  parts.decoder = sequence(std::move(decoders));
  parts.token_bytes = TokenBytes::metaspace;
  return {};
}

}  // namespace trivium
