// What tokenizer.ggml.pre names: how byte-level BPE of a GGUF file cuts text. One row a name; a name that is not here is
// refused by who asks, since a wrong cut gives wrong ids.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/pre_tokenizer.h"

namespace trivium {

struct GgufPreTokenizer {
  const char* name;
  Splitter (*splitter)();             // of the last cut, null: the patterns alone
  std::vector<const char*> patterns;  // cuts before it, in order, each match a piece
  bool single_digits, ignore_merges, nfc, add_bos;
};

const GgufPreTokenizer* gguf_pre_tokenizer(std::string_view name);  // null: not known
std::string gguf_pre_tokenizer_names();
Result<PreTokenizerPointer> make_pre_tokenizer(const GgufPreTokenizer& row);

}  // namespace trivium
