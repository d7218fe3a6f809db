// Ids to text, whole and as a stream.
#include <algorithm>

#include "base/utf8.h"
#include "tokenizer/pipeline.h"

namespace trivium {
namespace {

// Byte-level tokens are bytes: whole characters leave at once, at most three bytes wait.
class ByteStream : public StreamDecoder {
 public:
  ByteStream(std::shared_ptr<const Pipeline> tokenizer, bool skip_special)
      : tokenizer_(std::move(tokenizer)), skip_special_(skip_special) {}
  std::string push(TokenId id) override {
    if (!tokenizer_->known(id) || (skip_special_ && tokenizer_->is_special(id))) return {};
    waiting_ += byte_level_token_bytes(tokenizer_->token_text(id));
    const std::size_t whole = waiting_.size() - incomplete_utf8_tail(waiting_);
    std::string text = repair_utf8(std::string_view(waiting_).substr(0, whole));
    waiting_.erase(0, whole);
    return text;
  }
  std::string finish() override {
    std::string text = repair_utf8(waiting_);
    waiting_.clear();
    return text;
  }

 private:
  std::shared_ptr<const Pipeline> tokenizer_;
  bool skip_special_;
  std::string waiting_;
};

// A last U+FFFD may be the beginning of a character: what stands before it is certain. Whether there was one.
bool hold_back(std::string& text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  const bool open = text.ends_with(replacement);
  if (open) text.resize(text.size() - replacement.size());
  return open;
}

// Any decoder: text is what a window of ids says beyond what its first part said. The window keeps the part
// that was written last, since a decoder may treat its first token differently.
class WindowStream : public StreamDecoder {
 public:
  WindowStream(std::shared_ptr<const Pipeline> tokenizer, bool skip_special)
      : tokenizer_(std::move(tokenizer)), skip_special_(skip_special) {}
  std::string push(TokenId id) override {
    ids_.push_back(id);
    std::string text = tokenizer_->decode(ids_, skip_special_);
    const bool open = hold_back(text);
    if (text.size() <= written_.size()) return {};
    std::string fresh = unwritten(text);
    const std::size_t kept = ids_.size() - written_ids_;
    ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(written_ids_));
    written_ids_ = kept;
    written_ = tokenizer_->decode(ids_, skip_special_);
    if (open) hold_back(written_);
    return fresh;
  }
  std::string finish() override {
    const std::string text = tokenizer_->decode(ids_, skip_special_);
    std::string fresh = unwritten(text);
    ids_.clear();
    written_.clear();
    written_ids_ = 0;
    return fresh;
  }

 private:
  // A decoder that rewrites what it said before may leave the end of what was written inside a character.
  std::string unwritten(const std::string& text) const {
    std::size_t at = std::min(written_.size(), text.size());
    while (at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
    return text.substr(at);
  }

  std::shared_ptr<const Pipeline> tokenizer_;
  bool skip_special_;
  std::vector<TokenId> ids_;
  std::string written_;  // what is certain of the first written_ids_ ids
  std::size_t written_ids_ = 0;
};

}  // namespace

std::string Pipeline::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const TokenId id : ids) {
    if (known(id) && !(skip_special_tokens && special_.contains(id))) tokens.push_back(parts_.tokens[id]);
  }
  const char* const between = parts_.decoder == nullptr ? " " : "";
  if (parts_.decoder != nullptr) parts_.decoder->apply(tokens);
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) text += between;
    text += tokens[i];
  }
  return text;
}

std::unique_ptr<StreamDecoder> Pipeline::stream_decoder(bool skip_special_tokens) const {
  if (byte_level_only()) return std::make_unique<ByteStream>(shared_from_this(), skip_special_tokens);
  return std::make_unique<WindowStream>(shared_from_this(), skip_special_tokens);
}

std::string Pipeline::token_bytes(TokenId id) const {
  if (!known(id)) return {};
  const std::string& text = parts_.tokens[id];
  if (added_.contains(id)) return text;
  const int byte = byte_fallback_byte(text);
  switch (parts_.token_bytes) {
    case TokenBytes::byte_level:
      return byte_level_token_bytes(text);
    case TokenBytes::metaspace:
      return byte >= 0 ? std::string(1, static_cast<char>(byte)) : replace_all(text, "\xE2\x96\x81", " ");
    case TokenBytes::wordpiece:
      return text.starts_with(parts_.wordpiece_prefix) ? text.substr(parts_.wordpiece_prefix.size())
                                                       : std::string(1, ' ').append(text);
    case TokenBytes::as_text:
      break;
  }
  return text;
}

}  // namespace trivium
