// The tokenizer put together: added tokens, normalizer, pre-tokenizer, model, template, decoder. Knows
// nothing of the file it was built from; the builders fill PipelineParts.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/decoder.h"
#include "tokenizer/model.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/word_cache.h"

namespace trivium {

struct TemplateItem {
  int sequence = -1;  // 0 or 1: that text; -1: the ids below
  std::vector<TokenId> ids;
  std::uint8_t type = 0;
};
struct Template {
  std::vector<TemplateItem> single{{0, {}, 0}}, pair{{0, {}, 0}, {1, {}, 1}};
};

enum class TokenBytes { as_text, byte_level, metaspace, wordpiece };

struct PipelineParts {
  NormalizerPointer normalizer;       // null: none
  PreTokenizerPointer pre_tokenizer;  // null: none
  ModelPointer model;
  DecoderPointer decoder;           // null: tokens joined by spaces
  bool byte_level_decoder = false;  // the decoder is ByteLevel and nothing else
  TokenBytes token_bytes = TokenBytes::as_text;
  std::string wordpiece_prefix = "##";
  Template special_template;
  std::vector<AddedToken> added;
  std::vector<std::string> tokens;  // id -> text, "" for an id that stands for nothing
  std::vector<bool> present;        // id -> stands for a token
  VocabularyMap ids;                // text -> id, added tokens among them
};

class Pipeline : public Tokenizer, public std::enable_shared_from_this<Pipeline> {
 public:
  explicit Pipeline(PipelineParts parts);

  std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options) const override;
  std::vector<TokenSpan> encode_spans(std::string_view text, const EncodeOptions& options) const override;
  PairEncoding encode_pair(std::string_view first, std::string_view second,
                           const EncodeOptions& options) const override;
  std::string decode(std::span<const TokenId> ids, bool skip_special_tokens) const override;
  std::unique_ptr<StreamDecoder> stream_decoder(bool skip_special_tokens) const override;

  std::size_t vocabulary_size() const override { return parts_.tokens.size(); }
  std::string token_text(TokenId id) const override { return known(id) ? parts_.tokens[id] : std::string(); }
  std::string token_bytes(TokenId id) const override;
  TokenId id_of(std::string_view token) const override;
  bool is_special(TokenId id) const override { return special_.contains(id); }

  bool known(TokenId id) const {
    return id >= 0 && static_cast<std::size_t>(id) < parts_.tokens.size() && parts_.present[id];
  }
  bool byte_level_only() const { return parts_.byte_level_decoder; }

 private:
  struct Session {
    Workspace workspace;
    WordCache cache;
    std::vector<Symbol> symbols;
  };
  struct Output {
    std::vector<TokenId>* ids = nullptr;  // one of the two
    std::vector<TokenSpan>* spans = nullptr;
  };
  std::unique_ptr<Session> borrow() const;
  void give_back(std::unique_ptr<Session> session) const;

  void run(std::string_view text, const EncodeOptions& options, Output output) const;
  void run_segment(Text segment, bool parse_special, Session& session, Output output) const;
  void run_pieces(Pieces pieces, Session& session, Output output) const;
  void write(const Text& text, std::size_t begin, std::span<const Symbol> symbols, Output output) const;

  PipelineParts parts_;
  std::unordered_set<TokenId> special_, added_;
  AddedTokenMatcher raw_matcher_, normalized_matcher_;
  bool needs_origins_ = false;
  mutable std::mutex sessions_mutex_;
  mutable std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace trivium
