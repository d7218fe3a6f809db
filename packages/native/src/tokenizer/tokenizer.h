// Text <-> token ids. One face over BPE (byte-level, SentencePiece), Unigram and WordPiece; made from a tokenizer.json
// or from GGUF metadata. Knows nothing of models. All methods are const and thread-safe. Text is UTF-8; each
// maximal ill-formed part is replaced by U+FFFD before anything else (an encoded lone surrogate is three such
// parts).
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/model_file.h"

namespace trivium {

using TokenId = std::int32_t;

struct EncodeOptions {
  bool add_special_tokens = true;  // what the post-processor adds: BOS, [CLS] … [SEP]
  // false: text can never become a special (control) token, whatever it spells. Templates are encoded with
  // true.
  bool parse_special_tokens = false;
  const std::atomic<bool>* cancelled = nullptr;  // set: it ends soon, and what it answers is of no use
};

struct TokenSpan {
  TokenId id;
  std::uint32_t begin, end;  // byte offsets into the given text
};

// Two texts as one input, for cross-encoders. types[i] is 0 for the first segment, 1 for the second.
struct PairEncoding {
  std::vector<TokenId> ids;
  std::vector<std::uint8_t> types;
  std::size_t second_begin = 0, second_end = 0;  // where ids of the second text lie: what may be cut of it
};

// Text before a special token was recognised and after, for streaming.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  virtual std::string push(TokenId id) = 0;  // only whole characters; the rest waits
  virtual std::string finish() = 0;          // what waits, incomplete bytes as U+FFFD
};

class Tokenizer {
 public:
  // `lowercase`: text is put into small letters first, unless the file does so itself.
  static Result<std::shared_ptr<const Tokenizer>> from_json(std::string_view tokenizer_json,
                                                            std::string_view file, bool lowercase = false);
  static Result<std::shared_ptr<const Tokenizer>> from_gguf(const Metadata& metadata, std::string_view file);
  // The tokenizer of a model, wherever it is kept: GGUF `tokenizer.huggingface.json` first, then GGUF
  // metadata, then tokenizer.json beside the weights, with what sentence-transformers' do_lower_case asks. `not_found` where that file is not there.
  static Result<std::shared_ptr<const Tokenizer>> of(const ModelFile& model);
  static Status is_there(const ModelFile& model);  // the same without reading it
  virtual ~Tokenizer() = default;

  virtual std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options) const = 0;
  // The same with offsets, for citations and highlighting.
  virtual std::vector<TokenSpan> encode_spans(std::string_view text, const EncodeOptions& options) const = 0;
  virtual PairEncoding encode_pair(std::string_view first, std::string_view second,
                                   const EncodeOptions& options) const = 0;
  virtual std::string decode(std::span<const TokenId> ids, bool skip_special_tokens) const = 0;
  virtual std::unique_ptr<StreamDecoder> stream_decoder(bool skip_special_tokens) const = 0;

  virtual std::size_t vocabulary_size() const = 0;          // ids are in [0, vocabulary_size)
  virtual std::string token_text(TokenId id) const = 0;     // the vocabulary entry as stored
  virtual std::string token_bytes(TokenId id) const = 0;    // the bytes it stands for
  virtual TokenId id_of(std::string_view token) const = 0;  // -1 when absent
  virtual bool is_special(TokenId id) const = 0;
};

}  // namespace trivium
