#include "tokenizer/build.h"

namespace trivium {
namespace {

const char* const supported =
    "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip, "
    "StripAccents";

// Base64 with padding; empty when it is anything else.
std::string from_base64(std::string_view text) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  if (text.size() % 4 != 0) return bytes;
  const std::size_t end = text.find_last_not_of('=') + 1;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text.substr(0, end)) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return text.size() - end > 2 ? std::string() : bytes;
}

Result<NormalizerPointer> build_character_map(const Json& json, const Place& place) {
  NormalizerPointer map = character_map(from_base64(json.string_or("precompiled_charsmap", "")));
  if (map == nullptr)
    return place.at("precompiled_charsmap").bad("The character map is malformed.", "base64 of a size, a trie and text");
  return map;
}

Result<NormalizerPointer> build_sequence(const Json& json, const Place& place, int depth) {
  const Json* items = json.find("normalizers");
  if (items == nullptr || !items->is_array())
    return place.at("normalizers").bad("A list is missing.", "an array");
  std::vector<NormalizerPointer> steps;
  for (std::size_t i = 0; i < items->items().size(); ++i) {
    TRIVIUM_TRY_ASSIGN(NormalizerPointer step,
                       build_normalizer(items->items()[i], place.at("normalizers").at(i), depth + 1));
    if (step != nullptr) steps.push_back(std::move(step));
  }
  return sequence(std::move(steps));
}

}  // namespace

Result<NormalizerPointer> build_normalizer(const Json& json, const Place& place, int depth) {
  if (json.is_null()) return NormalizerPointer();
  if (!json.is_object()) return place.bad("A normalizer is malformed.", "an object with a type");
  if (depth > max_build_depth) return place.bad("Normalizers are nested too deep.", "at most 32 levels");
  const std::string type = json.string_or("type", "");
  if (type == "NFC") return normal_form(NormalForm::nfc);
  if (type == "NFD") return normal_form(NormalForm::nfd);
  if (type == "NFKC") return normal_form(NormalForm::nfkc);
  if (type == "NFKD") return normal_form(NormalForm::nfkd);
  if (type == "Lowercase") return lowercase();
  if (type == "StripAccents") return strip_accents();
  if (type == "Nmt") return nmt();
  if (type == "ByteLevel") return byte_level_normalizer();
  if (type == "Strip")
    return strip(json.boolean_or("strip_left", true), json.boolean_or("strip_right", true));
  if (type == "Sequence") return build_sequence(json, place, depth);
  if (type == "Precompiled") return build_character_map(json, place);
  if (type == "Prepend") {
    const Json* prefix = json.find("prepend");
    if (prefix == nullptr || !prefix->is_string())
      return place.at("prepend").bad("A prefix is missing.", "a string");
    return prepend(prefix->string());
  }
  if (type == "Replace") {
    TRIVIUM_TRY_ASSIGN(PatternChoice pattern, pattern_at(json, place));
    std::string content = json.string_or("content", "");
    return pattern.regex ? replace(std::move(pattern.regex), std::move(content))
                         : replace(std::move(pattern.literal), std::move(content));
  }
  if (type == "BertNormalizer") {
    BertCleaning what;
    what.clean_text = json.boolean_or("clean_text", true);
    what.chinese_characters = json.boolean_or("handle_chinese_chars", true);
    what.lowercase = json.boolean_or("lowercase", true);
    what.strip_accents = json.boolean_or("strip_accents", what.lowercase);  // null follows lowercase
    return bert_normalizer(what);
  }
  return place.at("type").unsupported("the normalizer \"" + type + "\"", supported);
}

}  // namespace trivium
