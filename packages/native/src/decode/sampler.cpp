#include "decode/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace trivium {
namespace {

// The one order of candidates: likelier first, ties by lower id. Total, so every selection below is unique.
constexpr auto better = [](const auto& a, const auto& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
};

Error bad_parameter(const char* field, const char* expected, const std::string& found) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::string(field) + " must be " + expected;
  error.field = field;
  error.expected = expected;
  error.found = found;
  error.remedy = std::string("give a value that is ") + expected;
  return error;
}

Error bad_logits(std::size_t id, float found) {
  Error error;
  error.code = ErrorCode::internal;
  error.message = "the model computed a logit that is not a finite number, for token " + std::to_string(id);
  error.field = "logits";
  error.expected = "finite numbers";
  error.found = std::to_string(found);
  error.remedy = "check the model file: its weights are damaged, or overflow in the type they are kept in";
  return error;
}

Error nothing_left(bool masked) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = masked ? "logitBias forbids every token that the grammar allows" : "logitBias forbids every token";
  error.field = "logitBias";
  error.expected = "at least one token without -Infinity";
  error.remedy = "forbid fewer tokens";
  return error;
}

constexpr float never = -std::numeric_limits<float>::infinity();
constexpr std::size_t block = 64;  // logits of one word of a mask
constexpr std::size_t lanes = 16;  // running values side by side, which become vectors without leave to reorder anything

bool all_finite(std::span<const float> logits) {
  float zeros[lanes] = {};  // 0 times what is not finite is NaN
  std::size_t i = 0;
  for (; i + lanes <= logits.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) zeros[lane] += logits[i + lane] * 0.0f;
  float zero = 0;
  for (; i < logits.size(); ++i) zero += logits[i] * 0.0f;
  for (const float lane : zeros) zero += lane;
  return zero == 0;
}

// Of at most one block.
float largest_of(std::span<const float> logits) {
  float largest[lanes];
  std::fill_n(largest, lanes, never);
  std::size_t i = 0;
  for (; i + lanes <= logits.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      largest[lane] = logits[i + lane] > largest[lane] ? logits[i + lane] : largest[lane];
  float all = never;
  for (; i < logits.size(); ++i) all = std::max(all, logits[i]);
  for (const float lane : largest) all = std::max(all, lane);
  return all;
}

// Calls visit(id) for the allowed tokens of every block that may hold one above `floor()`; whole blocks are passed over at
// the speed of vectors, and of words of the mask: most masks are nearly full or nearly empty.
template <class Floor, class Visit>
void visit_above(std::span<const float> logits, std::span<const std::uint64_t> allowed, Floor floor, Visit visit) {
  for (std::size_t begin = 0, word = 0; begin < logits.size(); begin += block, ++word) {
    const std::uint64_t bits = allowed.empty() ? ~std::uint64_t(0) : word < allowed.size() ? allowed[word] : 0;
    if (bits == 0) continue;
    const auto part = logits.subspan(begin, std::min(block, logits.size() - begin));
    if (bits == ~std::uint64_t(0) && !(largest_of(part) > floor())) continue;
    for (std::size_t i = 0; i < part.size(); ++i)
      if (bits >> i & 1) visit(begin + i);
  }
}

}  // namespace

Status check_sampling(const SamplingParameters& parameters) {
  const auto& p = parameters;
  if (!(p.temperature >= 0) || std::isinf(p.temperature))
    return bad_parameter("temperature", "a finite number of at least 0", std::to_string(p.temperature));
  if (p.top_k < 0) return bad_parameter("topK", "at least 0", std::to_string(p.top_k));
  if (!(p.top_p > 0 && p.top_p <= 1)) return bad_parameter("topP", "in (0, 1]", std::to_string(p.top_p));
  if (!(p.min_p >= 0 && p.min_p <= 1)) return bad_parameter("minP", "in [0, 1]", std::to_string(p.min_p));
  TRIVIUM_TRY(check_penalties(p.penalties));
  if (p.logprobs < -1) return bad_parameter("logprobs", "at least 0", std::to_string(p.logprobs));
  return {};
}

Status check_logits(std::span<const float> logits) {
  if (logits.empty()) return bad_logits(0, never);
  if (all_finite(logits)) return {};
  const auto bad = std::find_if(logits.begin(), logits.end(), [](float logit) { return !std::isfinite(logit); });
  return bad_logits(std::size_t(bad - logits.begin()), *bad);
}

double uniform_at(std::uint64_t seed, std::uint64_t position) {
  std::array<std::uint32_t, 4> x{std::uint32_t(position), std::uint32_t(position >> 32), 0, 0};
  std::uint32_t key0 = std::uint32_t(seed), key1 = std::uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t(0xD2511F53u) * x[0];
    const std::uint64_t b = std::uint64_t(0xCD9E8D57u) * x[2];
    x = {std::uint32_t(b >> 32) ^ x[1] ^ key0, std::uint32_t(b), std::uint32_t(a >> 32) ^ x[3] ^ key1,
         std::uint32_t(a)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  const std::uint64_t bits = (std::uint64_t(x[0]) << 32 | x[1]) >> 11;
  return double(bits) * 0x1.0p-53;
}

Result<SampledToken> Sampler::sample(std::span<const float> logits, std::uint64_t position, const TokenHistory& history,
                                     std::span<const std::uint64_t> allowed) {
  TRIVIUM_TRY(check_logits(logits));
  std::span<const float> chosen_from = logits;
  if (parameters_.penalties.any()) {
    penalized_.assign(logits.begin(), logits.end());
    apply_penalties(parameters_.penalties, history, penalized_, counts_);
    chosen_from = penalized_;
  }
  SampledToken sampled;
  float largest = never;
  // The first of equals: the lower id.
  visit_above(chosen_from, allowed, [&] { return largest; }, [&](std::size_t id) {
    if (!(chosen_from[id] > largest)) return;
    largest = chosen_from[id];
    sampled.id = TokenId(id);
  });
  if (sampled.id < 0) return nothing_left(!allowed.empty());
  if (parameters_.temperature > 0) sampled.id = draw(chosen_from, allowed, sampled.id, position);
  if (parameters_.logprobs >= 0) log_probabilities(logits, sampled);
  return sampled;
}

TokenId Sampler::draw(std::span<const float> logits, std::span<const std::uint64_t> allowed, TokenId likeliest,
                      std::uint64_t position) {
  const float largest = logits[std::size_t(likeliest)];
  // From here on `logit` is the tempered one minus the largest: its exponential is in (0, 1].
  candidates_.clear();
  // e^-104 is below float's range and what it weighs below double's resolution beside the largest.
  constexpr double least = -104;
  const double scale = 1.0 / parameters_.temperature;
  const float floor = std::nextafter(float(largest + 1.01 * least * parameters_.temperature), never);
  visit_above(logits, allowed, [&] { return floor; }, [&](std::size_t id) {
    const double tempered = (double(logits[id]) - largest) * scale;
    if (tempered >= least) candidates_.push_back({float(tempered), TokenId(id)});
  });
  if (parameters_.top_k > 0) keep_top_k(parameters_.top_k);
  if (parameters_.top_p < 1) keep_top_p(parameters_.top_p);
  if (parameters_.min_p > 0) {
    const float floor = std::log(parameters_.min_p);
    std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.logit < floor; });
  }
  double mass = 0;
  for (const Candidate& candidate : candidates_) mass += std::exp(double(candidate.logit));
  double left = uniform_at(parameters_.seed, position) * mass;
  TokenId drawn = likeliest;
  for (const Candidate& candidate : candidates_) {
    drawn = candidate.id;
    left -= std::exp(double(candidate.logit));
    if (left < 0) break;
  }
  return drawn;  // the last one when rounding left a crumb
}

void Sampler::keep_top_k(std::size_t k) {
  if (k >= candidates_.size()) return;
  std::nth_element(candidates_.begin(), candidates_.begin() + k, candidates_.end(), better);
  candidates_.resize(k);
  // The draw walks the candidates in order, so what nth_element left unordered must be put in order: by id, the order
  // in which they came.
  std::sort(candidates_.begin(), candidates_.end(), [](auto& a, auto& b) { return a.id < b.id; });
}

void Sampler::keep_top_p(double p) {
  double mass = 0;
  for (const Candidate& candidate : candidates_) mass += std::exp(double(candidate.logit));
  const double wanted = p * mass;
  double reached = 0;
  std::size_t sorted = 0;
  // Sorts only as far as the mass asks for: 64 of the best, then four times as many, …
  for (std::size_t block = 64; sorted < candidates_.size(); block *= 4) {
    const std::size_t end = std::min(candidates_.size(), sorted + block);
    if (end < candidates_.size())
      std::nth_element(candidates_.begin() + sorted, candidates_.begin() + end, candidates_.end(), better);
    std::sort(candidates_.begin() + sorted, candidates_.begin() + end, better);
    for (; sorted < end; ++sorted) {
      reached += std::exp(double(candidates_[sorted].logit));
      if (reached >= wanted) {
        candidates_.resize(sorted + 1);
        return;
      }
    }
  }
}

void Sampler::log_probabilities(std::span<const float> logits, SampledToken& sampled) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double mass = 0;
  for (const float logit : logits) mass += std::exp(double(logit) - largest);
  const double log_mass = largest + std::log(mass);
  const auto log_probability = [&](TokenId id) { return float(double(logits[id]) - log_mass); };
  sampled.logprob = log_probability(sampled.id);
  const std::size_t count = std::min<std::size_t>(parameters_.logprobs, logits.size());
  if (count == 0) return;
  candidates_.clear();
  for (std::size_t id = 0; id < logits.size(); ++id) candidates_.push_back({logits[id], TokenId(id)});
  if (count < candidates_.size())
    std::nth_element(candidates_.begin(), candidates_.begin() + count, candidates_.end(), better);
  std::sort(candidates_.begin(), candidates_.begin() + count, better);
  for (std::size_t i = 0; i < count; ++i)
    sampled.top.push_back({candidates_[i].id, log_probability(candidates_[i].id)});
}

}  // namespace trivium
