// What is changed about logits before sampling looks at them: penalties on tokens that occurred, and biases. In this
// order, each on what the one before left:
//   1. repeat       a token of the prompt or of what was generated: logit / r if positive, logit * r if not
//                   (CTRL, arXiv 1909.05858; transformers' repetition_penalty)
//   2. frequency    minus f for each time the token was generated
//   3. presence     minus p once if it was generated at all       (2 and 3 as OpenAI defines them)
//   4. bias         plus the token's own; -infinity: never
// Finite logits stay finite, at the ends of float's range if need be; only a bias makes one infinite.
// Pure functions of the logits and the tokens so far. Refuses to know text, probabilities and how a token is chosen.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace trivium {

struct LogitBias { TokenId id; float bias; };

struct Penalties {
  float repeat = 1, frequency = 0, presence = 0;  // 1, 0, 0: off
  std::vector<LogitBias> biases;

  bool any() const { return repeat != 1 || frequency != 0 || presence != 0 || !biases.empty(); }
};

// The sequence so far: the prompt, then what was generated.
struct TokenHistory {
  std::span<const TokenId> tokens = {};
  std::size_t prompt_tokens = 0;
};

// An error that names the field when a number is out of range or no number.
Status check_penalties(const Penalties& penalties);

// Changes `logits` (vocabulary), all finite, in place. `counts` is scratch that must come back as it was left: empty, or all zero.
void apply_penalties(const Penalties& penalties, const TokenHistory& history, std::span<float> logits,
                     std::vector<std::uint32_t>& counts);

}  // namespace trivium
