// Token texts back to text. A decoder rewrites the list of token texts; what remains is joined. Knows nothing
// of ids.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tokenizer/pre_tokenizer.h"

namespace trivium {

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual void apply(std::vector<std::string>& tokens) const = 0;
};
using DecoderPointer = std::unique_ptr<const Decoder>;

// The bytes of a byte-level token; a token with a character outside the alphabet stands for itself.
std::string byte_level_token_bytes(std::string_view token);
// The byte of a token "<0xE4>", -1 for any other.
int byte_fallback_byte(std::string_view token);

DecoderPointer byte_level_decoder();
DecoderPointer wordpiece_decoder(std::string prefix, bool cleanup);
DecoderPointer metaspace_decoder(char32_t replacement, PrependScheme scheme);
DecoderPointer byte_fallback_decoder();
DecoderPointer fuse_decoder();
DecoderPointer strip_decoder(char32_t content, std::size_t start, std::size_t stop);
DecoderPointer replace_decoder(std::string literal, std::shared_ptr<const Regex> regex, std::string content);
DecoderPointer bpe_decoder(std::string suffix);
DecoderPointer sequence(std::vector<DecoderPointer> steps);

}  // namespace trivium
