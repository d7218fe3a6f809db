// A tokenizer.json to a pipeline. `truncation` and `padding` are not read: nothing is cut here, and what a
// model can hold is its caller's business.
#include <algorithm>

#include "tokenizer/build.h"

namespace trivium {
namespace {

const Json& member(const Json& json, std::string_view key) {
  static const Json null;
  const Json* found = json.find(key);
  return found == nullptr ? null : *found;
}

bool ends_in_byte_level(const Json& pre_tokenizer, int depth = 0) {
  const std::string type = pre_tokenizer.string_or("type", "");
  if (type != "Sequence" || depth > max_build_depth) return type == "ByteLevel";
  const auto& steps = member(pre_tokenizer, "pretokenizers").items();
  return !steps.empty() && ends_in_byte_level(steps.back(), depth + 1);
}

bool has_byte_level(const Json& decoder, int depth = 0) {
  const std::string type = decoder.string_or("type", "");
  if (type != "Sequence" || depth > max_build_depth) return type == "ByteLevel";
  const auto& steps = member(decoder, "decoders").items();
  return std::any_of(steps.begin(), steps.end(), [&](const Json& step) { return has_byte_level(step, depth + 1); });
}

// A step of its own, as sentence-transformers looks for it: what BertNormalizer does beside, it does again without harm.
bool has_lowercase(const Json& normalizer) {
  const auto& steps = member(normalizer, "normalizers").items();
  const auto is_lowercase = [](const Json& step) { return step.string_or("type", "") == "Lowercase"; };
  return is_lowercase(normalizer) || std::any_of(steps.begin(), steps.end(), is_lowercase);
}

NormalizerPointer after_lowercase(NormalizerPointer normalizer) {
  std::vector<NormalizerPointer> steps;
  steps.push_back(lowercase());
  if (normalizer != nullptr) steps.push_back(std::move(normalizer));
  return sequence(std::move(steps));
}

// {"token": id} of BPE and WordPiece, [["token", score]] of Unigram.
Status read_entries(const Json& vocabulary, const Place& here, std::size_t entries, PipelineParts& parts) {
  for (const auto& [text, id] : vocabulary.members()) {
    if (!id.integer()) return here.at(text).bad("A token id is malformed.", "an integer");
    TRIVIUM_TRY(add_token(parts, text, *id.integer(), entries, here.at(text)));
  }
  for (std::size_t i = 0; i < vocabulary.items().size(); ++i) {
    const auto& pair = vocabulary.items()[i].items();
    if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_number())
      return here.at(i).bad("An entry is malformed.", "a token and its score");
    TRIVIUM_TRY(add_token(parts, pair[0].string(), static_cast<std::int64_t>(i), entries, here.at(i)));
  }
  return {};
}

Status read_vocabulary(const Json& root, const Place& place, bool scored, PipelineParts& parts) {
  const Json& vocabulary = member(member(root, "model"), "vocab");
  const Json& added = member(root, "added_tokens");
  const Place vocabulary_place = place.at("model").at("vocab");
  if (scored ? !vocabulary.is_array() : !vocabulary.is_object())
    return vocabulary_place.bad("The vocabulary is missing.", scored ? "an array" : "an object");
  const std::size_t entries = vocabulary.members().size() + vocabulary.items().size() + added.items().size();
  TRIVIUM_TRY(read_entries(vocabulary, vocabulary_place, entries, parts));
  for (std::size_t i = 0; i < added.items().size(); ++i) {
    const Json& json = added.items()[i];
    const Place here = place.at("added_tokens").at(i);
    AddedToken token;
    token.content = json.string_or("content", "");
    token.special = json.boolean_or("special", false);
    token.normalized = json.boolean_or("normalized", !token.special);
    token.single_word = json.boolean_or("single_word", false);
    token.left_strip = json.boolean_or("lstrip", false);
    token.right_strip = json.boolean_or("rstrip", false);
    if (token.content.empty()) continue;
    if (const auto known = parts.ids.find(token.content); known != parts.ids.end()) {
      token.id = known->second;
    } else {
      const auto id = json.integer_at("id");
      if (!id) return here.at("id").bad("An added token has no id.", "an integer");
      const bool taken =
          *id >= 0 && static_cast<std::size_t>(*id) < parts.tokens.size() && parts.present[*id];
      if (taken) parts.present[*id] = false;  // an added token takes the place of the entry it covers
      TRIVIUM_TRY(add_token(parts, token.content, *id, entries, here.at("id")));
      token.id = static_cast<TokenId>(*id);
    }
    parts.added.push_back(std::move(token));
  }
  if (parts.tokens.empty())
    return place.at("model").at("vocab").bad("The vocabulary is empty.", "at least one token");
  return {};
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_json(std::string_view tokenizer_json,
                                                              std::string_view file, bool lowercase) {
  TRIVIUM_TRY_ASSIGN(const Json root, Json::parse(tokenizer_json, file));
  const Place place{file, ""};
  if (!root.is_object()) return place.bad("The tokenizer is not a JSON object.", "an object");
  const Json& model = member(root, "model");
  if (!model.is_object()) return place.at("model").bad("The model is missing.", "an object");
  const std::string type = model.string_or("type", model.find("merges") != nullptr ? "BPE" : "WordPiece");
  if (type != "BPE" && type != "WordPiece" && type != "Unigram") {
    return place.at("model").at("type").unsupported("the model \"" + type + "\"", "BPE, Unigram, WordPiece");
  }
  PipelineParts parts;
  TRIVIUM_TRY(read_vocabulary(root, place, type == "Unigram", parts));

  const auto text_of_member = [&](std::string_view key) { return model.string_or(key, ""); };
  const bool bytes = type == "BPE" && ends_in_byte_level(member(root, "pre_tokenizer")) &&
                     !model.boolean_or("byte_fallback", false) &&
                     text_of_member("continuing_subword_prefix").empty() &&
                     text_of_member("end_of_word_suffix").empty();
  TRIVIUM_TRY_ASSIGN(parts.normalizer, build_normalizer(member(root, "normalizer"), place.at("normalizer")));
  if (lowercase && !has_lowercase(member(root, "normalizer"))) parts.normalizer = after_lowercase(std::move(parts.normalizer));
  TRIVIUM_TRY_ASSIGN(PreTokenizerBuild cut,
                     build_pre_tokenizer(member(root, "pre_tokenizer"), place.at("pre_tokenizer"), !bytes));
  parts.pre_tokenizer = std::move(cut.step);
  TRIVIUM_TRY(build_model(model, place.at("model"), bytes, parts));
  const Json& decoder = member(root, "decoder");
  TRIVIUM_TRY_ASSIGN(parts.decoder, build_decoder(decoder, place.at("decoder")));
  parts.byte_level_decoder = decoder.string_or("type", "") == "ByteLevel";
  if (has_byte_level(decoder))
    parts.token_bytes = TokenBytes::byte_level;
  else if (type == "BPE" || type == "Unigram")
    parts.token_bytes = TokenBytes::metaspace;
  TRIVIUM_TRY(build_template(member(root, "post_processor"), place.at("post_processor"), parts));
  return std::shared_ptr<const Tokenizer>(std::make_shared<Pipeline>(std::move(parts)));
}

}  // namespace trivium
