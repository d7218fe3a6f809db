#include "decode/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "check.h"

using namespace trivium;

namespace {

std::vector<double> frequencies(const SamplingParameters& parameters, const std::vector<float>& logits, int draws) {
  Sampler sampler(parameters);
  std::vector<double> counts(logits.size());
  for (int i = 0; i < draws; ++i) counts[sampler.sample(logits, i).value().id] += 1.0 / draws;
  return counts;
}

std::vector<float> logs(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(float(std::log(p)));
  return logits;
}

}  // namespace

TEST("greedy takes the largest, ties to the lower id") {
  Sampler sampler({});
  CHECK_EQ(sampler.sample(std::vector<float>{1, 3, 3, 2}, 0).value().id, 1);
}

TEST("the distribution is the softmax at the temperature") {
  const std::vector<double> p{0.1, 0.2, 0.3, 0.4};
  const auto plain = frequencies({.temperature = 1, .seed = 7}, logs(p), 100000);
  for (int i = 0; i < 4; ++i) CHECK_NEAR(plain[i], p[i], 0.006);
  const auto sharp = frequencies({.temperature = 0.5, .seed = 7}, logs(p), 100000);
  for (int i = 0; i < 4; ++i) CHECK_NEAR(sharp[i], p[i] * p[i] / 0.30, 0.006);
}

TEST("filters: top-k ties, top-p edge, min-p") {
  const auto k = frequencies({.temperature = 1, .top_k = 2, .seed = 1}, {1, 2, 2, 2}, 20000);
  CHECK_EQ(k[0], 0);
  CHECK_EQ(k[3], 0);  // ties to the lower ids
  CHECK_NEAR(k[1], 0.5, 0.02);
  const auto logits = logs({0.5, 0.25, 0.125, 0.125});
  const auto p = frequencies({.temperature = 1, .top_p = 0.7f, .seed = 2}, logits, 20000);
  CHECK_NEAR(p[0], 2.0 / 3, 0.02);  // the token that reaches p is in
  CHECK_NEAR(p[1], 1.0 / 3, 0.02);
  CHECK_EQ(p[2] + p[3], 0);
  const auto one = frequencies({.temperature = 1, .top_p = 1e-6f, .seed = 2}, logits, 1000);
  CHECK_NEAR(one[0], 1, 1e-9);
  const auto m = frequencies({.temperature = 1, .min_p = 0.4f, .seed = 3}, logits, 20000);
  CHECK_NEAR(m[1], 1.0 / 3, 0.02);
  CHECK_EQ(m[2] + m[3], 0);
  const auto both = frequencies({.temperature = 1, .top_k = 3, .top_p = 0.85f, .seed = 3}, logits, 20000);
  CHECK_EQ(both[2] + both[3], 0);  // 0.75 / 0.875 reaches p after the first two
}

TEST("top-p over a large vocabulary matches a full sort") {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  std::vector<float> logits(5000);
  for (float& logit : logits) logit = normal(random);
  std::vector<int> order(5000);
  for (int i = 0; i < 5000; ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](int a, int b) { return logits[a] > logits[b]; });
  double mass = 0, reached = 0;
  for (const float logit : logits) mass += std::exp(double(logit));
  std::vector<bool> kept(5000);
  for (const int id : order) {
    kept[id] = true;
    if ((reached += std::exp(double(logits[id]))) >= 0.6 * mass) break;
  }
  Sampler sampler({.temperature = 1, .top_p = 0.6f, .seed = 9});
  for (int i = 0; i < 3000; ++i) CHECK(kept[sampler.sample(logits, i).value().id]);
}

TEST("log-probabilities are of the unmodified distribution") {
  Sampler sampler({.temperature = 0.1f, .top_k = 1, .seed = 5, .logprobs = 3});
  const auto sampled = sampler.sample(logs({0.25, 0.5, 0.125, 0.125}), 3).value();
  CHECK_EQ(sampled.id, 1);
  CHECK_NEAR(sampled.logprob, std::log(0.5), 1e-6);
  CHECK_EQ(sampled.top.size(), std::size_t(3));
  CHECK_EQ(sampled.top[1].id, 0);
  CHECK_EQ(sampled.top[2].id, 2);
  CHECK_NEAR(sampled.top[2].logprob, std::log(0.125), 1e-6);
}

TEST("a draw depends on seed, position and logits alone") {
  std::mt19937 random(6);
  std::vector<float> logits(1000);
  for (float& logit : logits) logit = float(random() % 1000) / 100;
  Sampler one({.temperature = 1, .top_p = 0.9f, .seed = 11}), two({.temperature = 1, .top_p = 0.9f, .seed = 11});
  std::vector<TokenId> forward, backward(100);
  for (int i = 0; i < 100; ++i) forward.push_back(one.sample(logits, i).value().id);
  for (int i = 99; i >= 0; --i) backward[i] = two.sample(logits, i).value().id;
  CHECK(forward == backward);
  CHECK(uniform_at(11, 0) != uniform_at(12, 0));
}

TEST("bad numbers are errors") {
  Sampler sampler({});
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), infinity, -infinity}) CHECK(!sampler.sample(std::vector<float>{0, bad}, 0).ok());
  CHECK(!sampler.sample(std::vector<float>{}, 0).ok());
  CHECK(check_sampling({}).ok());
  CHECK(!check_sampling({.temperature = -1}).ok());
  CHECK(!check_sampling({.temperature = std::nanf("")}).ok());
  CHECK(!check_sampling({.top_p = 0}).ok());
  CHECK(!check_sampling({.min_p = 1.5f}).ok());
}

TEST("blocks that are passed over change nothing: every size, mask and temperature draws what a walk over all tokens draws") {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const std::size_t size = 1 + random() % 700;
    std::vector<float> logits(size);
    std::normal_distribution<float> normal(0, round % 2 ? 2.0f : 300.0f);
    for (float& logit : logits) logit = round % 3 ? normal(random) : float(random() % 4);
    std::vector<std::uint64_t> allowed;
    if (round % 4) {
      allowed.assign((size + 63) / 64, 0);
      for (std::uint64_t& word : allowed) {
        const unsigned kind = random() % 3;
        word = kind == 0 ? 0 : kind == 1 ? ~std::uint64_t(0) : std::uint64_t(random()) << 32 | random();
      }
    }
    SamplingParameters parameters;
    parameters.temperature = std::array<float, 4>{0, 1e-6f, 0.7f, 3}[random() % 4];
    parameters.seed = std::uint64_t(round);
    std::vector<std::size_t> ids;
    for (std::size_t id = 0; id < size; ++id)
      if (allowed.empty() || (allowed[id / 64] >> id % 64 & 1)) ids.push_back(id);
    const auto sampled = Sampler(parameters).sample(logits, 5, {}, allowed);
    CHECK_EQ(sampled.ok(), !ids.empty());
    if (ids.empty()) continue;
    std::size_t expected = ids[0];
    for (const std::size_t id : ids)
      if (logits[id] > logits[expected]) expected = id;
    if (parameters.temperature > 0) {
      const float largest = logits[expected];
      std::vector<std::pair<std::size_t, double>> weights;
      double mass = 0;
      for (const std::size_t id : ids) {
        const double tempered = (double(logits[id]) - largest) * (1.0 / parameters.temperature);
        if (tempered < -104) continue;
        weights.emplace_back(id, std::exp(double(float(tempered))));
        mass += weights.back().second;
      }
      double left = uniform_at(parameters.seed, 5) * mass;
      for (const auto& [id, weight] : weights) {
        expected = id;
        left -= weight;
        if (left < 0) break;
      }
    }
    CHECK_EQ(std::size_t(sampled->id), expected);
  }
}

TEST("a mask takes candidates away from every sampler, and nothing from the log-probabilities") {
  std::vector<float> logits(130);
  for (std::size_t id = 0; id < logits.size(); ++id) logits[id] = float(id % 7);
  logits[129] = 50;
  std::vector<std::uint64_t> allowed(3);
  for (const std::size_t id : {3, 64, 100}) allowed[id / 64] |= std::uint64_t(1) << id % 64;
  SamplingParameters parameters;
  parameters.logprobs = 1;
  const auto greedy = Sampler(parameters).sample(logits, 0, {}, allowed);
  REQUIRE(greedy.ok());
  CHECK_EQ(greedy->id, 3);  // its logit is 3; those of 64 and 100 are 1 and 2
  CHECK_EQ(greedy->top[0].id, 129);
  for (const int top_k : {0, 2}) {
    for (const float top_p : {1.0f, 0.5f}) {
      for (std::uint64_t position = 0; position < 50; ++position) {
        parameters.temperature = 5;
        parameters.top_k = top_k;
        parameters.top_p = top_p;
        const auto drawn = Sampler(parameters).sample(logits, position, {}, allowed);
        REQUIRE(drawn.ok());
        CHECK(drawn->id == 3 || drawn->id == 64 || drawn->id == 100);
      }
    }
  }
  CHECK(!Sampler(parameters).sample(logits, 0, {}, std::vector<std::uint64_t>(3)).ok());
}
