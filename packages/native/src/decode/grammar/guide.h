// Holds one generation to its grammar within its budget: which tokens are candidates now, and, once one was chosen, whether
// the text can still be completed with the tokens that are left. While there is room the model chooses freely; a choice
// that could not be completed is taken back and forbidden; when only the shortest completion fits, it is what remains.
// Invariant: before every choice, a completion of at most `left` tokens is known to exist, if there was one at the start.
// Refuses to know logits and how candidates are weighed.
#pragma once
#include <span>

#include "decode/grammar/matcher.h"

namespace trivium::grammar {

class Guide {
 public:
  // `stop_tokens`: end the text; they are candidates where it may end, whatever else they could be, and else only where the
  // known completion needs one: there it is text.
  Guide(std::shared_ptr<CompiledGrammar> compiled, std::span<const TokenId> stop_tokens);

  // Candidates for the next token, with `left` tokens to be written, it among them. The span is valid until the next call.
  // Errors: a grammar that is too ambiguous; a completion that was refused, which would be a fault of ours.
  Result<std::span<const std::uint64_t>> candidates(int left);
  // The chosen candidate. False: it cannot be completed within `left`; it is forbidden now, so choose again.
  bool take(TokenId id, int left);
  bool ended() const { return ended_; }             // the last one taken was a stop token, and no text
  bool finished();                                  // the text is complete and nothing can follow
  std::uint64_t mask_ns() const { return mask_ns_; }  // spent on candidates so far

 private:
  bool is_stop(TokenId id) const;
  void allow_only(TokenId id);

  Matcher matcher_;
  std::vector<TokenId> stop_tokens_;
  MaskWords allowed_;                               // the mask, with stop tokens and what was forbidden
  std::vector<TokenId> plan_;                       // a completion from here, if one had to be looked for
  bool has_plan_ = false, fresh_ = true;            // fresh_: allowed_ is still to be made
  bool ended_ = false;
  int refusals_ = 0;                                // of candidates for this token
  bool plan_refused_ = false;                       // its first token was among them: it is none to fall back to
  std::uint64_t mask_ns_ = 0;
};

}  // namespace trivium::grammar
