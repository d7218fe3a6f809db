// What the builders of GGUF tokenizers share.
#pragma once
#include <optional>

#include "tokenizer/build.h"

namespace trivium {

// tokenizer.ggml.token_type
enum GgufTokenType : std::int64_t { gguf_normal = 1, gguf_unknown = 2, gguf_control = 3, gguf_user_defined = 4, gguf_unused = 5, gguf_byte = 6 };

inline Place gguf_key(std::string_view file, const char* name) { return {file, std::string("tokenizer.ggml.") + name}; }

// An id of the vocabulary. Where the file does not name one: `otherwise`, which llama.cpp takes then, if the vocabulary has it.
Result<std::optional<TokenId>> gguf_id_at(const Metadata& metadata, std::string_view file, const char* name, std::size_t count,
                                          TokenId otherwise = -1);

// tokenizer.ggml.model "llama" (SentencePiece BPE) and "t5" (Unigram): tokens with scores.
Status build_gguf_sentencepiece_bpe(const Metadata& metadata, std::string_view file, PipelineParts& parts);
Status build_gguf_unigram(const Metadata& metadata, std::string_view file, PipelineParts& parts);

}  // namespace trivium
