// Penalties against their definitions written out, and the sampler that applies them.
#include "decode/penalties.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "check.h"
#include "decode/sampler.h"

using namespace trivium;

namespace {

const float forbidden = -std::numeric_limits<float>::infinity();

// The definitions, one token at a time.
std::vector<float> reference(const Penalties& p, const TokenHistory& history, std::vector<float> logits) {
  for (TokenId id = 0; id < TokenId(logits.size()); ++id) {
    int seen = 0, generated = 0;
    for (std::size_t i = 0; i < history.tokens.size(); ++i) {
      seen += history.tokens[i] == id;
      generated += i >= history.prompt_tokens && history.tokens[i] == id;
    }
    float& logit = logits[id];
    if (seen > 0) logit = logit > 0 ? logit / p.repeat : logit * p.repeat;
    if (generated > 0) logit -= p.frequency * float(generated) + p.presence;
    for (const LogitBias& bias : p.biases)
      if (bias.id == id) logit += bias.bias;
  }
  return logits;
}

}  // namespace

TEST("penalties are their definitions, whatever was applied before") {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 3);
  std::vector<std::uint32_t> counts;
  for (int round = 0; round < 200; ++round) {
    std::vector<float> logits(50);
    for (float& logit : logits) logit = normal(random);
    std::vector<TokenId> tokens(random() % 40);
    for (TokenId& token : tokens) token = TokenId(random() % 60);  // some beyond the vocabulary
    Penalties p;
    if (random() % 2) p.repeat = 0.5f + float(random() % 100) / 50;
    if (random() % 2) p.frequency = normal(random);
    if (random() % 2) p.presence = normal(random);
    for (int i = int(random() % 4); i > 0; --i) p.biases.push_back({TokenId(random() % 50), random() % 5 ? normal(random) : forbidden});
    const TokenHistory history{tokens, random() % 45};
    std::vector<float> changed = logits;
    apply_penalties(p, history, changed, counts);
    CHECK(changed == reference(p, history, logits));
    for (const std::uint32_t count : counts) CHECK_EQ(count, 0u);
  }
}

TEST("greedy and drawn tokens follow the penalties; log-probabilities do not") {
  const std::vector<float> logits{2, 1.5f, 1, 0.5f};
  const std::vector<TokenId> tokens{3, 0, 0};
  const auto chosen = [&](Penalties p, float temperature = 0) {
    Sampler sampler({.temperature = temperature, .seed = 1, .penalties = std::move(p), .logprobs = 0});
    return sampler.sample(logits, tokens.size(), {tokens, 1}).value();
  };
  CHECK_EQ(chosen({}).id, 0);
  CHECK_EQ(chosen({.repeat = 1.5f}).id, 1);
  CHECK_EQ(chosen({.frequency = 0.2f}).id, 0);  // 2 - 0.4
  CHECK_EQ(chosen({.frequency = 0.3f}).id, 1);  // 2 - 0.6
  CHECK_EQ(chosen({.presence = 0.4f}).id, 0);
  CHECK_EQ(chosen({.presence = 0.6f}).id, 1);
  CHECK_EQ(chosen({.biases = {{0, forbidden}, {1, forbidden}}}).id, 2);
  CHECK_EQ(chosen({.biases = {{3, 9}}}).id, 3);
  CHECK_EQ(chosen({.biases = {{0, -0.5f}}}).id, 0);  // a tie goes to the lower id
  for (float temperature : {0.5f, 1.0f, 3.0f}) CHECK_EQ(chosen({.biases = {{0, forbidden}, {1, forbidden}, {3, forbidden}}}, temperature).id, 2);
  double mass = 0;
  for (const float logit : logits) mass += std::exp(double(logit));
  CHECK_NEAR(chosen({.repeat = 1.5f}).logprob, 1.5 - std::log(mass), 1e-6);
}

TEST("biases shift the distribution by their exponential") {
  Sampler sampler({.temperature = 1, .seed = 5, .penalties = {.biases = {{1, float(std::log(3.0))}}}});
  int second = 0;
  for (int i = 0; i < 20000; ++i) second += sampler.sample(std::vector<float>{0, 0}, i).value().id == 1;
  CHECK_NEAR(second / 20000.0, 0.75, 0.01);
}

TEST("numbers that are none are refused by name; forbidding everything is an error") {
  const float nan = std::nanf("");
  const auto field = [](const Penalties& p) { return check_sampling({.penalties = p}).error().field; };
  CHECK(check_sampling({.penalties = {.repeat = 1.1f, .frequency = -2, .presence = 2, .biases = {{0, forbidden}}}}).ok());
  CHECK_EQ(field({.repeat = 0}), "repeatPenalty");
  CHECK_EQ(field({.repeat = nan}), "repeatPenalty");
  CHECK_EQ(field({.frequency = nan}), "frequencyPenalty");
  CHECK_EQ(field({.presence = -forbidden}), "presencePenalty");
  CHECK_EQ(field({.biases = {{0, nan}}}), "logitBias");
  CHECK_EQ(field({.biases = {{0, -forbidden}}}), "logitBias");
  Sampler sampler({.penalties = {.biases = {{0, forbidden}, {1, forbidden}}}});
  const auto none = sampler.sample(std::vector<float>{1, 2}, 0);
  REQUIRE(!none.ok());
  CHECK(none.error().code == ErrorCode::invalid_argument && none.error().field == "logitBias");
}

TEST("penalties at the ends of their range leave finite logits, and a token to draw") {
  const float most = std::numeric_limits<float>::max(), least = std::numeric_limits<float>::denorm_min();
  const std::vector<float> logits{2, -2, 0, most, -most, 1};
  const std::vector<TokenId> tokens{0, 1, 2, 3, 4, 0, 1, 2, 3, 4};  // 5 is never seen
  std::vector<std::uint32_t> counts;
  for (const float repeat : {1.0f, 1e-38f, least, most}) {
    for (const float frequency : {0.0f, -most, most}) {
      for (const float presence : {0.0f, -most, most}) {
        for (const float bias : {0.0f, -most, most}) {
          // What is forbidden stays so, whatever else is said of it.
          const Penalties p{repeat, frequency, presence, {{0, bias}, {1, bias}, {2, forbidden}, {2, bias}}};
          std::vector<float> changed = logits;
          apply_penalties(p, {tokens, 2}, changed, counts);
          for (TokenId id = 0; id < TokenId(changed.size()); ++id) CHECK(std::isfinite(changed[id]) == (id != 2));
          CHECK(changed[2] == forbidden);
          const float largest = *std::max_element(changed.begin(), changed.end());
          for (const float temperature : {0.0f, least, 1.0f, most}) {
            Sampler sampler({.temperature = temperature, .top_p = 0.9f, .min_p = 0.5f, .seed = 3, .penalties = p});
            const auto sampled = sampler.sample(logits, tokens.size(), {tokens, 2});
            REQUIRE(sampled.ok());
            REQUIRE(sampled->id >= 0 && std::size_t(sampled->id) < logits.size() && sampled->id != 2);
            if (temperature <= 1) CHECK_EQ(changed[sampled->id], largest);
          }
        }
      }
    }
  }
}
