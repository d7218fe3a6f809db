#include "tokenizer/build.h"

namespace trivium {
namespace {

const char* const supported =
    "BPEDecoder, ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence, Strip, WordPiece";

Result<std::size_t> count_at(const Json& json, std::string_view key, const Place& place) {
  const auto count = json.integer_at(key);
  if (!count || *count < 0) return place.at(key).bad("A count is malformed.", "an integer from 0");
  return static_cast<std::size_t>(*count);
}

Result<DecoderPointer> build_sequence(const Json& json, const Place& place, int depth) {
  const Json* items = json.find("decoders");
  const Place here = place.at("decoders");
  if (items == nullptr || !items->is_array()) return here.bad("A list is missing.", "an array");
  std::vector<DecoderPointer> steps;
  for (std::size_t i = 0; i < items->items().size(); ++i) {
    TRIVIUM_TRY_ASSIGN(DecoderPointer step, build_decoder(items->items()[i], here.at(i), depth + 1));
    if (step != nullptr) steps.push_back(std::move(step));
  }
  return sequence(std::move(steps));
}

}  // namespace

Result<DecoderPointer> build_decoder(const Json& json, const Place& place, int depth) {
  if (json.is_null()) return DecoderPointer();
  if (!json.is_object()) return place.bad("A decoder is malformed.", "an object with a type");
  if (depth > max_build_depth) return place.bad("Decoders are nested too deep.", "at most 32 levels");
  const std::string type = json.string_or("type", "");
  if (type == "ByteLevel") return byte_level_decoder();
  if (type == "WordPiece")
    return wordpiece_decoder(json.string_or("prefix", "##"), json.boolean_or("cleanup", true));
  if (type == "ByteFallback") return byte_fallback_decoder();
  if (type == "Fuse") return fuse_decoder();
  if (type == "BPEDecoder") return bpe_decoder(json.string_or("suffix", "</w>"));
  if (type == "Sequence") return build_sequence(json, place, depth);
  if (type == "Metaspace") {
    TRIVIUM_TRY_ASSIGN(const char32_t replacement, character_at(json, "replacement", 0x2581, place));
    const bool never =
        json.string_or("prepend_scheme", "always") == "never" || !json.boolean_or("add_prefix_space", true);
    return metaspace_decoder(replacement, never ? PrependScheme::never : PrependScheme::always);
  }
  if (type == "Strip") {
    TRIVIUM_TRY_ASSIGN(const char32_t content, character_at(json, "content", U' ', place));
    TRIVIUM_TRY_ASSIGN(const std::size_t start, count_at(json, "start", place));
    TRIVIUM_TRY_ASSIGN(const std::size_t stop, count_at(json, "stop", place));
    return strip_decoder(content, start, stop);
  }
  if (type == "Replace") {
    TRIVIUM_TRY_ASSIGN(PatternChoice pattern, pattern_at(json, place));
    return replace_decoder(std::move(pattern.literal), std::move(pattern.regex),
                           json.string_or("content", ""));
  }
  return place.at("type").unsupported("the decoder \"" + type + "\"", supported);
}

}  // namespace trivium
