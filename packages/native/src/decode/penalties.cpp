#include "decode/penalties.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trivium {
namespace {

Error out_of_range(const char* field, const char* expected, float found) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::string(field) + " must be " + expected;
  error.field = field;
  error.expected = expected;
  error.found = std::to_string(found);
  error.remedy = std::string("give a value that is ") + expected;
  return error;
}

// What goes beyond float's range stays at its end: no infinity, from which the next penalty could make a NaN.
float bounded(float logit) {
  constexpr float most = std::numeric_limits<float>::max();
  return std::clamp(logit, -most, most);
}

}  // namespace

Status check_penalties(const Penalties& penalties) {
  constexpr const char* finite = "a finite number";
  if (!(penalties.repeat > 0) || std::isinf(penalties.repeat))
    return out_of_range("repeatPenalty", "a finite number above 0", penalties.repeat);
  if (!std::isfinite(penalties.frequency)) return out_of_range("frequencyPenalty", finite, penalties.frequency);
  if (!std::isfinite(penalties.presence)) return out_of_range("presencePenalty", finite, penalties.presence);
  for (const LogitBias& bias : penalties.biases) {
    if (std::isnan(bias.bias) || bias.bias == std::numeric_limits<float>::infinity())
      return out_of_range("logitBias", "finite numbers or -Infinity", bias.bias);
  }
  return {};
}

void apply_penalties(const Penalties& penalties, const TokenHistory& history, std::span<float> logits,
                     std::vector<std::uint32_t>& counts) {
  counts.resize(logits.size(), 0);
  const auto known = [&](TokenId id) { return id >= 0 && static_cast<std::size_t>(id) < logits.size(); };
  const auto generated = history.tokens.subspan(std::min(history.prompt_tokens, history.tokens.size()));
  if (penalties.repeat != 1) {
    for (const TokenId id : history.tokens) {
      if (!known(id) || counts[id]++ > 0) continue;
      logits[id] = bounded(logits[id] > 0 ? logits[id] / penalties.repeat : logits[id] * penalties.repeat);
    }
    for (const TokenId id : history.tokens)
      if (known(id)) counts[id] = 0;
  }
  if (penalties.frequency != 0 || penalties.presence != 0) {
    for (const TokenId id : generated)
      if (known(id)) ++counts[id];
    for (const TokenId id : generated) {
      if (!known(id) || counts[id] == 0) continue;
      logits[id] = bounded(logits[id] - (penalties.frequency * static_cast<float>(counts[id]) + penalties.presence));
      counts[id] = 0;
    }
  }
  for (const LogitBias& bias : penalties.biases) {
    if (!known(bias.id)) continue;
    const bool never = std::isinf(bias.bias) || std::isinf(logits[bias.id]);  // by this bias, or an earlier one
    logits[bias.id] = never ? -std::numeric_limits<float>::infinity() : bounded(logits[bias.id] + bias.bias);
  }
}

}  // namespace trivium
