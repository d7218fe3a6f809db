#include "base/utf8.h"
#include "tokenizer/build.h"

namespace trivium {

Error Place::bad(std::string message, std::string expected, std::string found) const {
  return {ErrorCode::bad_format,
          std::move(message),
          std::string(file),
          pointer,
          std::move(expected),
          std::move(found),
          "Get the tokenizer file again from where the model came from."};
}

Error Place::unsupported(std::string what, std::string supported) const {
  return {ErrorCode::unsupported,
          "The tokenizer uses " + what + ", which is not supported.",
          std::string(file),
          pointer,
          std::move(supported),
          std::move(what),
          "Use a model whose tokenizer is one of those supported."};
}

Status add_token(PipelineParts& parts, std::string_view text, std::int64_t id, std::size_t entries,
                 const Place& place) {
  const std::int64_t limit = static_cast<std::int64_t>(entries) * 2 + 65536;
  if (id < 0 || id >= limit) {
    return place.bad("A token id is out of range.", "0 to " + std::to_string(limit - 1), std::to_string(id));
  }
  const std::size_t index = static_cast<std::size_t>(id);
  if (index >= parts.tokens.size()) {
    parts.tokens.resize(index + 1);
    parts.present.resize(index + 1, false);
  }
  if (parts.present[index]) {
    return place.bad("Two tokens have one id.", "an id of its own", std::to_string(id));
  }
  if (!is_utf8(text)) return place.bad("A token is not UTF-8.", "UTF-8 text");
  parts.tokens[index] = text;
  parts.present[index] = true;
  parts.ids.insert_or_assign(std::string(text), static_cast<TokenId>(id));
  return {};
}

std::unordered_set<TokenId> special_ids(const PipelineParts& parts) {
  std::unordered_set<TokenId> ids;
  for (const AddedToken& token : parts.added) {
    if (token.special) ids.insert(token.id);
  }
  return ids;
}

Result<char32_t> character_at(const Json& json, std::string_view key, char32_t fallback, const Place& place) {
  const Json* value = json.find(key);
  if (value == nullptr) return fallback;
  const std::string& text = value->string();
  std::size_t end = 0;
  if (!text.empty()) next_character(text, end);
  if (text.empty() || end != text.size())
    return place.at(key).bad("A field is not one character.", "one character", text);
  std::size_t begin = 0;
  return next_character(text, begin);
}

Result<PatternChoice> pattern_at(const Json& json, const Place& place) {
  const Json* pattern = json.find("pattern");
  PatternChoice choice;
  const Place here = place.at("pattern");
  if (pattern == nullptr) return here.bad("A pattern is missing.", "a pattern");
  if (pattern->is_string()) {
    choice.literal = pattern->string();
    return choice;
  }
  if (const Json* literal = pattern->find("String"); literal != nullptr && literal->is_string()) {
    choice.literal = literal->string();
    return choice;
  }
  const Json* regex = pattern->find("Regex");
  if (regex == nullptr || !regex->is_string())
    return here.bad("A pattern is malformed.", "{\"String\": …} or {\"Regex\": …}");
  choice.known = splitter_of(regex->string());
  auto compiled = Regex::compile(regex->string());
  if (!compiled.ok()) {
    compiled.error().file = std::string(place.file);
    compiled.error().field = here.at("Regex").pointer;
    return std::move(compiled.error());
  }
  choice.regex = std::move(compiled).value();
  return choice;
}

}  // namespace trivium
