// From logits to a token. Filters in this order, each on what the one before left:
//   -1. mask         tokens that a grammar does not allow here are no candidates
//   0. penalties     see penalties.h
//   1. temperature   logits / temperature; 0 is greedy: the largest logit, ties to the lower id, nothing else applies
//   2. top-k         the k largest, ties to the lower id
//   3. top-p         the shortest run of the most probable whose share of the mass left reaches p; always at least one
//   4. min-p         those with at least min_p times the probability of the most probable
// The draw is a pure function of (seed, position, logits, tokens so far): it knows no batch, no clock and no earlier draw,
// so a text can be recomputed after preemption. Work is O(vocabulary) plus sorting the candidates that survive.
// Refuses to know requests, text and where a mask comes from.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/result.h"
#include "decode/penalties.h"
#include "tokenizer/tokenizer.h"

namespace trivium {

struct SamplingParameters {
  float temperature = 0;       // 0: greedy, ties to the lower id
  int top_k = 0;               // 0: off
  float top_p = 1;
  float min_p = 0;
  std::uint64_t seed = 0;      // same seed, same text, whatever else runs
  Penalties penalties = {};
  int logprobs = -1;           // -1: none; n: the chosen token's and the n best, of the unmodified distribution
};

struct TokenLogprob { TokenId id; float logprob; };

struct SampledToken {
  TokenId id = -1;
  float logprob = std::numeric_limits<float>::quiet_NaN();  // of the unmodified distribution; NaN unless asked for
  std::vector<TokenLogprob> top;   // best first, ties by lower id
};

// An error that names the field when a parameter is out of range or not a number.
Status check_sampling(const SamplingParameters& parameters);
// An `internal` error when one is NaN or infinite, or when there is none.
Status check_logits(std::span<const float> logits);

class Sampler {
 public:
  explicit Sampler(const SamplingParameters& parameters) : parameters_(parameters) {}
  // `position`: of the token being chosen in its sequence. Errors: those of check_logits; `invalid-argument` for biases
  // that leave no token. `allowed`: bit i is token i; empty: all.
  Result<SampledToken> sample(std::span<const float> logits, std::uint64_t position, const TokenHistory& history = {},
                              std::span<const std::uint64_t> allowed = {});

 private:
  struct Candidate { float logit; TokenId id; };
  TokenId draw(std::span<const float> logits, std::span<const std::uint64_t> allowed, TokenId likeliest,
               std::uint64_t position);
  void keep_top_k(std::size_t k);
  void keep_top_p(double largest);
  void log_probabilities(std::span<const float> logits, SampledToken& sampled);

  SamplingParameters parameters_;
  std::vector<Candidate> candidates_;  // scratch, (vocabulary) at most
  std::vector<float> penalized_;       // scratch, (vocabulary): logits after penalties
  std::vector<std::uint32_t> counts_;  // scratch of apply_penalties
};

// A uniform number in [0, 1) with 53 random bits: Philox-4x32-10 with the seed as key and the position as counter
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
double uniform_at(std::uint64_t seed, std::uint64_t position);

}  // namespace trivium
