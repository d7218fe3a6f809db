// Rewrites text before it is cut: normal forms, case, accents, BERT's cleaning. Each keeps origins. Knows
// nothing of tokens or of the file that asked for it.
#pragma once
#include <memory>
#include <vector>

#include "tokenizer/regex.h"
#include "tokenizer/text.h"

namespace trivium {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(Text& text) const = 0;
};
using NormalizerPointer = std::unique_ptr<const Normalizer>;

enum class NormalForm { nfc, nfd, nfkc, nfkd };
struct BertCleaning {
  bool clean_text = true, chinese_characters = true, strip_accents = true, lowercase = true;
};

void apply_normal_form(Text& text, NormalForm form);
void apply_lowercase(Text& text);
void drop_characters(Text& text, std::uint32_t flags);  // those with any of unicode::Flag

NormalizerPointer normal_form(NormalForm form);
NormalizerPointer lowercase();
NormalizerPointer strip_accents();
NormalizerPointer bert_normalizer(BertCleaning what);
NormalizerPointer strip(bool left, bool right);
NormalizerPointer prepend(std::string text);
NormalizerPointer nmt();
NormalizerPointer byte_level_normalizer();
NormalizerPointer replace(std::string pattern, std::string content);
NormalizerPointer replace(std::shared_ptr<const Regex> pattern, std::string content);
// SentencePiece's precompiled_charsmap; null when its sizes do not fit.
NormalizerPointer character_map(std::string_view compiled);
NormalizerPointer sequence(std::vector<NormalizerPointer> steps);

}  // namespace trivium
