// What the builders share: the vocabulary that a pipeline needs, filled with checks, and errors in one form.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "formats/json.h"
#include "tokenizer/pipeline.h"

namespace trivium {

// Where a value stands in a file: the file's name and a JSON pointer or metadata key.
struct Place {
  std::string_view file;
  std::string pointer;
  Place at(std::string_view key) const { return {file, pointer + "/" + std::string(key)}; }
  Place at(std::size_t index) const { return at(std::to_string(index)); }
  Error bad(std::string message, std::string expected = "", std::string found = "") const;
  Error unsupported(std::string what, std::string supported) const;
};

// Gives `id` its text. Ids may leave gaps, but not more than the file's own entries justify.
Status add_token(PipelineParts& parts, std::string_view text, std::int64_t id, std::size_t entries,
                 const Place& place);
// Every id that is an added special token.
std::unordered_set<TokenId> special_ids(const PipelineParts& parts);

struct PreTokenizerBuild {
  PreTokenizerPointer step;
  bool ends_in_byte_level = false;  // its last step is ByteLevel, which was told to leave bytes as they are
};
// Builders of the parts of a tokenizer.json, one file a family. A null value builds nothing.
Result<NormalizerPointer> build_normalizer(const Json& json, const Place& place, int depth = 0);
Result<PreTokenizerBuild> build_pre_tokenizer(const Json& json, const Place& place, bool rewrite_bytes,
                                              int depth = 0);
Result<DecoderPointer> build_decoder(const Json& json, const Place& place, int depth = 0);
Status build_template(const Json& json, const Place& place, PipelineParts& parts, int depth = 0);
Status build_model(const Json& json, const Place& place, bool bytes, PipelineParts& parts);

// Shared readers: a one-character string, and {"String": …} or {"Regex": …}.
Result<char32_t> character_at(const Json& json, std::string_view key, char32_t fallback, const Place& place);
struct PatternChoice {
  std::string literal;
  std::shared_ptr<const Regex> regex;  // null: literal
  Splitter known = nullptr;            // the pattern is one of those with a splitter of its own
};
Result<PatternChoice> pattern_at(const Json& json, const Place& place);

inline constexpr int max_build_depth = 32;

}  // namespace trivium
