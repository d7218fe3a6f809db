#include "base/utf8.h"
#include "tokenizer/build.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

const char* const supported =
    "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Sequence, Split, "
    "Whitespace, "
    "WhitespaceSplit";

Result<SplitBehavior> behavior_at(const Json& json, const Place& place) {
  const Json* value = json.find("behavior");
  if (value == nullptr) return SplitBehavior::isolated;
  const std::string& name = value->string();
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  return place.at("behavior")
      .bad("A split behaviour is unknown.",
           "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", name);
}

Result<PreTokenizerPointer> build_split(const Json& json, const Place& place) {
  TRIVIUM_TRY_ASSIGN(const SplitBehavior behavior, behavior_at(json, place));
  TRIVIUM_TRY_ASSIGN(PatternChoice pattern, pattern_at(json, place));
  const bool invert = json.boolean_or("invert", false);
  // A known pattern matches everywhere, so isolating its matches and removing what is between them are the
  // same.
  if (pattern.known != nullptr &&
      (behavior == SplitBehavior::isolated || (behavior == SplitBehavior::removed && invert))) {
    return split_known(pattern.known);
  }
  if (pattern.regex) return split_on(std::move(pattern.regex), behavior, invert);
  return split_on(std::move(pattern.literal), behavior, invert);
}

Result<PreTokenizerPointer> build_metaspace(const Json& json, const Place& place) {
  TRIVIUM_TRY_ASSIGN(const char32_t replacement, character_at(json, "replacement", 0x2581, place));
  const bool add_prefix_space = json.boolean_or("add_prefix_space", true);
  const std::string name = json.string_or("prepend_scheme", add_prefix_space ? "always" : "never");
  PrependScheme scheme = PrependScheme::always;
  if (name == "first")
    scheme = PrependScheme::first;
  else if (name == "never")
    scheme = PrependScheme::never;
  else if (name != "always")
    return place.at("prepend_scheme").bad("A scheme is unknown.", "first, never or always", name);
  return metaspace(replacement, scheme, json.boolean_or("split", true));
}

Result<PreTokenizerBuild> build_sequence(const Json& json, const Place& place, bool rewrite_bytes,
                                         int depth) {
  const Json* items = json.find("pretokenizers");
  const Place here = place.at("pretokenizers");
  if (items == nullptr || !items->is_array()) return here.bad("A list is missing.", "an array");
  std::vector<PreTokenizerPointer> steps;
  PreTokenizerBuild built;
  for (std::size_t i = 0; i < items->items().size(); ++i) {
    const bool last = i + 1 == items->items().size();
    TRIVIUM_TRY_ASSIGN(PreTokenizerBuild step,
                       build_pre_tokenizer(items->items()[i], here.at(i), rewrite_bytes || !last, depth + 1));
    built.ends_in_byte_level = step.ends_in_byte_level;
    if (step.step != nullptr) steps.push_back(std::move(step.step));
  }
  built.step = sequence(std::move(steps));
  return built;
}

}  // namespace

Result<PreTokenizerBuild> build_pre_tokenizer(const Json& json, const Place& place, bool rewrite_bytes,
                                              int depth) {
  PreTokenizerBuild built;
  if (json.is_null()) return built;
  if (!json.is_object()) return place.bad("A pre-tokenizer is malformed.", "an object with a type");
  if (depth > max_build_depth) return place.bad("Pre-tokenizers are nested too deep.", "at most 32 levels");
  const std::string type = json.string_or("type", "");
  if (type == "Sequence") return build_sequence(json, place, rewrite_bytes, depth);
  if (type == "ByteLevel") {
    built.step = byte_level(json.boolean_or("add_prefix_space", true), json.boolean_or("use_regex", true),
                            rewrite_bytes);
    built.ends_in_byte_level = true;
  } else if (type == "Split") {
    TRIVIUM_TRY_ASSIGN(built.step, build_split(json, place));
  } else if (type == "BertPreTokenizer") {
    built.step = bert_pre_tokenizer();
  } else if (type == "Whitespace") {
    built.step = whitespace_words();
  } else if (type == "WhitespaceSplit") {
    built.step = split_flags(unicode::rust_space, SplitBehavior::removed);
  } else if (type == "Punctuation") {
    TRIVIUM_TRY_ASSIGN(const SplitBehavior behavior, behavior_at(json, place));
    built.step = split_flags(unicode::bert_punctuation, behavior);
  } else if (type == "Digits") {
    const bool individual = json.boolean_or("individual_digits", false);
    built.step =
        split_flags(unicode::rust_numeric, individual ? SplitBehavior::isolated : SplitBehavior::contiguous);
  } else if (type == "Metaspace") {
    TRIVIUM_TRY_ASSIGN(built.step, build_metaspace(json, place));
  } else if (type == "CharDelimiterSplit") {
    TRIVIUM_TRY_ASSIGN(const char32_t delimiter, character_at(json, "delimiter", U' ', place));
    std::string literal;
    append_utf8(literal, delimiter);
    built.step = split_on(std::move(literal), SplitBehavior::removed, false);
  } else {
    return place.at("type").unsupported("the pre-tokenizer \"" + type + "\"", supported);
  }
  return built;
}

}  // namespace trivium
