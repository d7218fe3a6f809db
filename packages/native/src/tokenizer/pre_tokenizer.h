// Cuts normalised text into the pieces that a model sees one by one. A step may rewrite the text too (a space
// before, Metaspace, byte-level characters); ranges then move with it. Knows nothing of tokens.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tokenizer/regex.h"
#include "tokenizer/splitters.h"
#include "tokenizer/text.h"

namespace trivium {

struct Range {
  std::uint32_t begin, end;
};
struct Pieces {
  Text text;
  std::vector<Range> ranges;  // ascending, not empty, not overlapping; gaps are removed text
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(Pieces& pieces) const = 0;
  virtual bool needs_origins() const { return false; }  // its result depends on where text came from
};
using PreTokenizerPointer = std::unique_ptr<const PreTokenizer>;

enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };
enum class PrependScheme { first, never, always };

PreTokenizerPointer split_on(std::shared_ptr<const Regex> pattern, SplitBehavior behavior, bool invert);
PreTokenizerPointer split_on(std::string literal, SplitBehavior behavior, bool invert);
PreTokenizerPointer split_known(Splitter splitter);
PreTokenizerPointer split_flags(std::uint32_t flags,
                                SplitBehavior behavior);  // characters with unicode::Flag
PreTokenizerPointer bert_pre_tokenizer();
PreTokenizerPointer whitespace_words();
// `rewrite` false leaves bytes as they are: for a model whose vocabulary was turned into bytes.
PreTokenizerPointer byte_level(bool add_prefix_space, bool use_regex, bool rewrite);
PreTokenizerPointer metaspace(char32_t replacement, PrependScheme scheme, bool split);
PreTokenizerPointer sequence(std::vector<PreTokenizerPointer> steps);

}  // namespace trivium
