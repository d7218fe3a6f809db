// The model object of a tokenizer.json: BPE, Unigram and WordPiece. Others are refused by name.
#include "tokenizer/build.h"

namespace trivium {
namespace {

// "a b" or ["a", "b"]
Result<Merge> merge_of(const Json& json, const Place& place) {
  if (json.items().size() == 2 && json.items()[0].is_string() && json.items()[1].is_string()) {
    return Merge{json.items()[0].string(), json.items()[1].string()};
  }
  const std::string& text = json.string();
  const std::size_t space = text.find(' ');
  if (!json.is_string() || space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
    return place.bad("A merge is malformed.", "two tokens", text);
  }
  return Merge{text.substr(0, space), text.substr(space + 1)};
}

Result<std::string> optional_string(const Json& json, std::string_view key, const Place& place) {
  const Json* value = json.find(key);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return place.at(key).bad("A field has the wrong type.", "a string or null");
  return value->string();
}

Status build_bpe(const Json& json, const Place& place, bool bytes, VocabularyMap vocabulary,
                 PipelineParts& parts) {
  BpeSettings settings;
  settings.bytes = bytes;
  settings.fuse_unknown = json.boolean_or("fuse_unk", false);
  settings.byte_fallback = json.boolean_or("byte_fallback", false);
  settings.ignore_merges = json.boolean_or("ignore_merges", false);
  TRIVIUM_TRY_ASSIGN(settings.continuing_prefix, optional_string(json, "continuing_subword_prefix", place));
  TRIVIUM_TRY_ASSIGN(settings.word_suffix, optional_string(json, "end_of_word_suffix", place));
  TRIVIUM_TRY_ASSIGN(const std::string unknown, optional_string(json, "unk_token", place));
  if (const auto found = parts.ids.find(unknown); found != parts.ids.end()) settings.unknown = found->second;

  const Json* list = json.find("merges");
  if (list == nullptr || !list->is_array())
    return place.at("merges").bad("The merges are missing.", "an array");
  std::vector<Merge> merges;
  merges.reserve(list->items().size());
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Place here = place.at("merges").at(i);
    TRIVIUM_TRY_ASSIGN(Merge merge, merge_of(list->items()[i], here));
    if (bytes) {
      std::string left, right;
      if (!byte_level_bytes(merge.left, left) || !byte_level_bytes(merge.right, right)) {
        // Text that ByteLevel made cannot hold these characters: the merge can never happen.
        if (parts.ids.contains(merge.left) && parts.ids.contains(merge.right)) continue;
        return here.bad("A merge names a token that the vocabulary lacks.", "entries of the vocabulary",
                        merge.left);
      }
      merge = {std::move(left), std::move(right)};
    }
    merges.push_back(std::move(merge));
  }
  auto model = make_bpe(std::move(vocabulary), merges, std::move(settings), special_ids(parts));
  if (!model.ok()) {
    model.error().file = std::string(place.file);
    model.error().field = place.at("merges").pointer + model.error().field;
    return std::move(model.error());
  }
  parts.model = std::move(model).value();
  return {};
}

Status build_wordpiece(const Json& json, const Place& place, const VocabularyMap& vocabulary,
                       PipelineParts& parts) {
  WordPieceSettings settings;
  settings.continuing_prefix = json.string_or("continuing_subword_prefix", "##");
  const auto limit = json.integer_at("max_input_chars_per_word").value_or(100);
  if (limit < 0) return place.at("max_input_chars_per_word").bad("A limit is negative.", "an integer from 0");
  settings.max_characters = static_cast<std::size_t>(limit);
  const std::string unknown = json.string_or("unk_token", "[UNK]");
  const auto found = parts.ids.find(unknown);
  if (found == parts.ids.end()) {
    return place.at("unk_token")
        .bad("The unknown token is not in the vocabulary.", "an entry of the vocabulary", unknown);
  }
  settings.unknown = found->second;
  parts.wordpiece_prefix = settings.continuing_prefix;
  parts.token_bytes = TokenBytes::wordpiece;
  parts.model = make_wordpiece(vocabulary, std::move(settings), special_ids(parts));
  return {};
}

Status build_unigram(const Json& json, const Place& place, PipelineParts& parts) {
  const auto& entries = json.find("vocab")->items();
  // Added tokens may lie beyond the model's own ids; they have no scores and are never looked for.
  std::vector<double> scores(parts.tokens.size(), 0);
  VocabularyMap vocabulary;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    scores[i] = entries[i].items()[1].number();
    vocabulary.insert_or_assign(entries[i].items()[0].string(), static_cast<TokenId>(i));
  }
  UnigramSettings settings;
  settings.byte_fallback = json.boolean_or("byte_fallback", false);
  const Json* unknown = json.find("unk_id");
  if (unknown != nullptr && !unknown->is_null()) {
    const auto id = unknown->integer();
    if (!id || *id < 0 || static_cast<std::size_t>(*id) >= entries.size())
      return place.at("unk_id").bad("The unknown token is not in the vocabulary.", "an index of it");
    settings.unknown = static_cast<TokenId>(*id);
  }
  parts.model = make_unigram(vocabulary, std::move(scores), settings, special_ids(parts));
  return {};
}

}  // namespace

Status build_model(const Json& json, const Place& place, bool bytes, PipelineParts& parts) {
  const std::string type = json.string_or("type", json.find("merges") != nullptr ? "BPE" : "WordPiece");
  if (type == "Unigram") return build_unigram(json, place, parts);
  VocabularyMap vocabulary;
  std::string raw;
  for (const auto& [text, id] : json.find("vocab")->members()) {
    const TokenId value = static_cast<TokenId>(*id.integer());  // checked when the vocabulary was read
    if (!bytes)
      vocabulary.insert_or_assign(text, value);
    else if (byte_level_bytes(text, raw))
      vocabulary.insert_or_assign(raw, value);
  }
  if (type == "BPE") return build_bpe(json, place, bytes, std::move(vocabulary), parts);
  return build_wordpiece(json, place, vocabulary, parts);
}

}  // namespace trivium
